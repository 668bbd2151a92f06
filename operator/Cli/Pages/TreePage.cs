using System.Globalization;
using System.Text.Json.Nodes;

namespace Fleet.Cli;

/// <summary>What <c>fleet tree</c> shows.</summary>
internal static class TreePage
{
    private static readonly string[] Columns = ["NAME", "READY", "STATUS", "RESTARTS", "AGE"];

    /// <summary>Trees as a table.</summary>
    /// <param name="trees">The apps with what is below them.</param>
    /// <param name="withNamespace">Whether they are of several namespaces.</param>
    /// <param name="now">The time, for ages.</param>
    internal static IEnumerable<Line> Of(IEnumerable<(string Namespace, TreeNode App)> trees, bool withNamespace, DateTimeOffset now) => Table.Of(
        [.. withNamespace ? ["NAMESPACE"] : Array.Empty<string>(), .. Columns],
        trees.SelectMany(tree => Rows(tree.App, "", "", now).Select(row => (Span[])[.. withNamespace ? [tree.Namespace] : Array.Empty<Span>(), .. row])));

    /// <summary>A tree for programs.</summary>
    internal static JsonObject Document(TreeNode node)
    {
        var document = new JsonObject { ["kind"] = node.Kind, ["name"] = node.Name };
        if (node.Kind is null)
            document.Remove("kind"); // a service of the table is no object
        Add("ready", node.Ready);
        Add("status", node.State);
        Add("message", node.Message);
        if (node.Restarts is { } restarts)
            document["restarts"] = restarts;
        Add("creationTimestamp", node.Created?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (!node.Children.IsEmpty)
            document["children"] = new JsonArray([.. node.Children.Select(Document)]);
        return document;

        void Add(string name, string? value)
        {
            if (value is not null)
                document[name] = value;
        }
    }

    private static IEnumerable<Span[]> Rows(TreeNode node, string first, string others, DateTimeOffset now)
    {
        var name = node.Kind is null ? node.Name : $"{node.Kind}/{node.Name}";
        yield return [$"{first}{name}", node.Ready ?? "", new(node.State ?? "", node.Tone), node.Restarts?.ToString(CultureInfo.InvariantCulture) ?? "", Age.Of(node.Created, now)];
        for (var i = 0; i < node.Children.Length; i++)
        {
            var last = i == node.Children.Length - 1;
            foreach (var row in Rows(node.Children[i], others + (last ? "└─ " : "├─ "), others + (last ? "   " : "│  "), now))
                yield return row;
        }
    }
}
