using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>The apps in some files, and all that is wrong with them.</summary>
/// <param name="Apps">The apps that could be read, each in a namespace.</param>
/// <param name="Problems">One line each, beginning with the file; empty when every app would be accepted.</param>
/// <param name="Notes">What was passed over.</param>
internal sealed record Manifests(ImmutableArray<MicroserviceApp> Apps, ImmutableArray<string> Problems, ImmutableArray<string> Notes)
{
    /// <summary>Reads them.</summary>
    /// <param name="files">The files with their texts.</param>
    /// <param name="ns">The namespace that the command names; null when it names none.</param>
    /// <param name="usual">The namespace when neither the command nor the manifest names one.</param>
    /// <param name="settings">Which images are the bundled ones.</param>
    internal static Manifests Read(IEnumerable<(string File, string Text)> files, string? ns, string usual, OperatorSettings settings)
    {
        var apps = ImmutableArray.CreateBuilder<MicroserviceApp>();
        var problems = ImmutableArray.CreateBuilder<string>();
        var notes = ImmutableArray.CreateBuilder<string>();
        foreach (var (file, text) in files)
        {
            var documents = Parse(file, text, problems);
            if (documents is null)
                continue;
            var ours = documents.Where(IsMeant).ToList();
            if (documents.Except(ours).ToList() is { Count: > 0 } others)
                notes.Add($"{file}: passed over, being no MicroserviceApp: {string.Join(", ", others.Select(NameOf))}");
            if (ours.Count == 0)
                problems.Add($"{file}: holds no MicroserviceApp ({MicroserviceApp.Resource.ApiVersion})");
            foreach (var document in ours)
            {
                // Which one is meant need only be said where there are several.
                var where = ours.Count == 1 ? file : $"{file}: {NameOf(document)}";
                var (app, found) = AppDocument.Read(document, settings);
                problems.AddRange(found.Select(p => $"{where}: {p}"));
                if (app is null)
                    continue;
                if (ns is not null && app.Metadata.Namespace is { } own && own != ns)
                    problems.Add($"{where}: metadata.namespace: is {own}, but the command says --namespace {ns}: take one of them away");
                apps.Add(app with { Metadata = app.Metadata with { Namespace = app.Metadata.Namespace ?? ns ?? usual } });
            }
        }

        return new(apps.ToImmutable(), problems.ToImmutable(), notes.ToImmutable());
    }

    private static List<JsonNode>? Parse(string file, string text, ImmutableArray<string>.Builder problems)
    {
        try
        {
            return [.. Yaml.Parse(text).SelectMany(Unpacked).Select(d => Sorted(d)!)];
        }
        catch (YamlFormatException e)
        {
            problems.Add($"{file}: {e.Message}");
            return null;
        }
    }

    // `kubectl get -o yaml` packs several objects into one.
    private static IEnumerable<JsonNode> Unpacked(JsonNode document) =>
        Text(document, "kind") == "List" && document["items"] is JsonArray items ? items.OfType<JsonNode>() : [document];

    // As the server keeps an object, whose podTemplate is taken as it stands: what is planned of the file is what is planned in the cluster.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))),
        JsonArray entries => new JsonArray([.. entries.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    // One whose kind is ours and whose group is not, or the other way round, is meant for us and misspelt.
    private static bool IsMeant(JsonNode document) =>
        Text(document, "kind") == MicroserviceApp.Resource.Kind ||
        Text(document, "apiVersion")?.StartsWith($"{MicroserviceApp.Resource.Group}/", StringComparison.Ordinal) == true;

    private static string NameOf(JsonNode document) =>
        $"{Text(document, "kind") ?? "something without a kind"}{(document is JsonObject && Text(document["metadata"], "name") is { } name ? $"/{name}" : "")}";

    private static string? Text(JsonNode? document, string field) =>
        document is JsonObject fields && fields[field] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
