using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>
/// What an overlay must leave alone: the labels by which the pods are found, and the container that is the service. It is laid over the least pod there is,
/// and the outcome is judged, so every way to write a patch is covered.
/// </summary>
internal static class PodTemplateRules
{
    internal static IEnumerable<Problem> Check(EffectiveService service, string path) =>
        service.Spec.PodTemplate is not { } overlay ? [] : [.. OfShape(overlay, path) is { Length: > 0 } problems ? problems : OfOutcome(overlay, service.Name, path)];

    private static Problem[] OfShape(JsonObject overlay, string path) =>
    [
        .. overlay.Where(f => f.Key is not ("metadata" or "spec")).Select(f => new Problem($"{path}.{Excerpt.Line(f.Key)}", UnknownField(f.Key))),
        .. OfObjects(overlay, path, "metadata", "spec"),
        .. overlay["metadata"] is JsonObject metadata ? OfMetadata(metadata, $"{path}.metadata") : [],
        .. overlay["spec"] is JsonObject spec ? OfContainers(spec, $"{path}.spec") : [],
    ];

    private static string UnknownField(string name) =>
        $"a pod template has metadata and spec only{(Suggestion.For(name, ["metadata", "spec"]) is { } meant ? $": did you mean {meant}?" : "; a pod's fields go under spec")}";

    private static IEnumerable<Problem> OfObjects(JsonObject parent, string path, params string[] names) => names
        .Where(name => parent.ContainsKey(name) && parent[name] is not JsonObject)
        .Select(name => new Problem($"{path}.{name}", "must be an object"));

    private static IEnumerable<Problem> OfMetadata(JsonObject metadata, string path)
    {
        foreach (var problem in OfObjects(metadata, path, "labels", "annotations"))
            yield return problem;
        foreach (var name in new[] { "labels", "annotations" })
        {
            foreach (var (key, value) in metadata[name] as JsonObject ?? [])
            {
                if (value is not null && value.GetValueKind() != JsonValueKind.String)
                    yield return new($"{path}.{name}[{Excerpt.Line(key)}]", "must be a string: put it in quotes");
                if (key.StartsWith($"{Keys.Family}/", StringComparison.Ordinal))
                    yield return new($"{path}.{name}[{Excerpt.Line(key)}]", $"keys of {Keys.Family} belong to the operator, which finds the pods by them: choose another");
            }
        }
    }

    private static IEnumerable<Problem> OfContainers(JsonObject spec, string path)
    {
        foreach (var list in new[] { "containers", "initContainers" })
        {
            if (spec[list] is not { } value)
                continue;
            if (value is not JsonArray containers)
            {
                yield return new($"{path}.{list}", "must be a list");
                continue;
            }

            foreach (var (i, container) in containers.Index())
            {
                if (container is not JsonObject fields)
                    yield return new($"{path}.{list}[{i}]", "must be an object");
                else if (fields["$patch"] is { } directive && !IsKnown(directive))
                    yield return new($"{path}.{list}[{i}].$patch", "must be replace, delete or merge");
                else if (!IsDirective(fields) && fields["name"]?.GetValueKind() != JsonValueKind.String)
                    yield return new($"{path}.{list}[{i}].name", "is required: containers are told apart by it, and the main one has the service's name");
            }
        }
    }

    // {$patch: replace} alone says how the list is to be merged; it is no container.
    private static bool IsDirective(JsonObject entry) => entry.Count == 1 && entry["$patch"] is { } directive && directive.GetValueKind() == JsonValueKind.String && directive.GetValue<string>() == "replace";

    private static bool IsKnown(JsonNode directive) => directive.GetValueKind() == JsonValueKind.String && directive.GetValue<string>() is "replace" or "delete" or "merge";

    private static IEnumerable<Problem> OfOutcome(JsonObject overlay, string service, string path)
    {
        var least = Json.Of(
            ("metadata", Json.Of(("labels", Json.Of((Keys.App, ""), (Keys.Service, service))))),
            ("spec", Json.Of(("containers", new JsonArray(Json.Of(("name", service)))))));
        var merged = StrategicMerge.Apply(least, overlay);
        if (!Equals(Label(merged, Keys.App), "") || !Equals(Label(merged, Keys.Service), service))
            yield return new($"{path}.metadata", $"the labels of {Keys.Family} must stay: the operator finds the pods by them");
        var containers = (merged["spec"] as JsonObject)?["containers"] as JsonArray ?? [];
        if (!containers.OfType<JsonObject>().Any(c => c["name"]!.GetValue<string>() == service))
            yield return new($"{path}.spec.containers", $"the main container {service} must stay: change it by an entry with name {service}");
    }

    private static string? Label(JsonObject template, string key) => ((template["metadata"] as JsonObject)?["labels"] as JsonObject)?[key]?.GetValue<string>();
}
