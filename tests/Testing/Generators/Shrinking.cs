using System.Text.Json.Nodes;

namespace Fleet.Testing;

/// <summary>Makes documents smaller, so that of one that fails what matters is left.</summary>
internal static class Shrinking
{
    /// <summary>The document without one of its fields or entries.</summary>
    internal static IEnumerable<JsonNode> Less(JsonNode document)
    {
        foreach (var path in Paths(document, []).OrderBy(p => p.Length))
        {
            var copy = document.DeepClone();
            var parent = path[..^1].Aggregate(copy, (node, step) => step is int i ? node[i]! : node[(string)step]!);
            switch (path[^1])
            {
                case int i: parent.AsArray().RemoveAt(i); break;
                case string name: parent.AsObject().Remove(name); break;
            }

            yield return copy;
        }
    }

    private static IEnumerable<object[]> Paths(JsonNode? node, object[] at) => node switch
    {
        JsonObject fields => fields.SelectMany(f => (object[][])[[.. at, f.Key], .. Paths(f.Value, [.. at, f.Key])]),
        JsonArray items => items.SelectMany((item, i) => (object[][])[[.. at, i], .. Paths(item, [.. at, i])]),
        _ => [],
    };
}
