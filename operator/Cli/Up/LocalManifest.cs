using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>A file of <c>fleet up</c>: objects of any kind, and what is wrong with the apps among them, found before anything is started or changed.</summary>
/// <param name="File">The file, as it was named.</param>
/// <param name="Objects">What it holds.</param>
/// <param name="Problems">One line each; empty when every app would be accepted.</param>
internal sealed record LocalManifest(string File, IReadOnlyList<JsonObject> Objects, IReadOnlyList<string> Problems)
{
    /// <summary>Where objects go that name no namespace.</summary>
    internal const string Namespace = "default";

    /// <summary>Reads one.</summary>
    internal static LocalManifest Read(string file, string text, OperatorSettings settings)
    {
        try
        {
            List<JsonObject> objects = [.. Yaml.Parse(text).OfType<JsonObject>()];
            List<string> problems = objects.Count == 0 ? [$"{file}: holds no object"] :
                [.. objects.Where(o => AppDocument.IsOne(o)).SelectMany(o => AppDocument.Read(o, settings).Problems.Select(p => $"{file}: {p}"))];
            return new(file, objects, problems);
        }
        catch (YamlFormatException e)
        {
            return new(file, [], [$"{file}: {e.Message}"]);
        }
    }

    /// <summary>The apps that have a gateway: namespace, name, and the gateway's port.</summary>
    internal IEnumerable<(string Namespace, string App, int Port)> Gateways =>
        from o in Objects
        where AppDocument.IsOne(o) && o["spec"]?["gateway"] is JsonObject
        let gateway = (JsonObject)o["spec"]!["gateway"]!
        select (o["metadata"]?["namespace"]?.ToString() ?? Namespace, o["metadata"]?["name"]?.ToString() ?? "", gateway["port"]?.GetValue<int>() ?? 80);
}
