using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>What is allowed and is still likely not meant. Nothing is refused because of it; whoever applies the app is told.</summary>
public static class Warnings
{
    /// <summary>Looks through an app whose defaults are filled in.</summary>
    /// <returns>Each with its field; always in the same order.</returns>
    public static IReadOnlyList<Problem> Of(EffectiveApp app) =>
    [
        .. app.Services.SelectMany((service, i) => OfService(service, AppRules.ServicePath(i))),
        .. OfImage(app.Gateway?.Spec.Image, "spec.gateway.image"),
    ];

    private static IEnumerable<Problem> OfService(EffectiveService service, string path) =>
    [
        .. OfData(service, path),
        .. OfImage(service.Spec.Image, $"{path}.image"),
        .. service.Spec.PodTemplate is { } overlay ? OfFields(overlay, PodFields.Root, $"{path}.podTemplate") : [],
    ];

    // The rule (ServiceRules) refuses what is certain. It passes what a podTemplate might set, and any connection string.
    private static IEnumerable<Problem> OfData(EffectiveService service, string path)
    {
        if (service is not { Bundled.KeepsData: true, Scale.Most: > 1 })
            yield break;
        foreach (var (i, variable) in (service.Spec.Env ?? []).Index())
        {
            if (variable.Name == Database && IsFile(variable.Value))
                yield return new($"{path}.env[{i}]", $"each of the {service.Scale.Most} replicas has a SQLite file of its own, so they share no data: set {Database} to PostgreSQL");
        }

        if (!service.HasDatabase && service.Spec.PodTemplate is { } overlay && !SetsDatabase(overlay, service.Name))
            yield return new($"{path}.replicas", $"each of the {service.Scale.Most} replicas keeps its own data, which they do not share: set env {Database}");
    }

    private const string Database = "ConnectionStrings__Default";

    private static bool IsFile(string? connection) =>
        connection?.Replace(" ", "", StringComparison.Ordinal).Contains("DataSource=", StringComparison.OrdinalIgnoreCase) == true;

    private static bool SetsDatabase(JsonObject overlay, string service) => Entries((overlay["spec"] as JsonObject)?["containers"])
        .Where(c => Text(c["name"]) == service)
        .Any(c => c["envFrom"] is JsonArray { Count: > 0 } || Entries(c["env"]).Any(e => Text(e["name"]) == Database));

    private static IEnumerable<Problem> OfImage(string? image, string path)
    {
        if (image is null || image.Contains('@', StringComparison.Ordinal))
            yield break;
        // A colon before the last slash is that of the registry's port.
        var name = image[(image.LastIndexOf('/') + 1)..];
        if (!name.Contains(':', StringComparison.Ordinal))
            yield return new(path, $"{image} has no tag, which is latest: what runs changes with the registry, and there is no way back; name a version");
        else if (name.EndsWith(":latest", StringComparison.Ordinal))
            yield return new(path, $"{image}: what the tag latest runs changes with the registry, and there is no way back; name a version");
    }

    /// <summary>What an API server would drop, or refuse where it is asked to be strict.</summary>
    private static IEnumerable<Problem> OfFields(JsonObject value, string type, string path)
    {
        var known = PodFields.Types[type];
        foreach (var (name, child) in value)
        {
            if (name.StartsWith('$'))
                continue; // a directive of the merge
            var at = $"{path}.{name}";
            if (!known.TryGetValue(name, out var childType))
                yield return new(at, $"unknown field{(Suggestion.For(name, known.Keys) is { } meant ? $"; did you mean {meant}?" : $" of a pod, as of Kubernetes {PodFields.Of}")}");
            else if (childType is not null)
            {
                foreach (var problem in Children(child, at).SelectMany(c => OfFields(c.Value, childType, c.Path)))
                    yield return problem;
            }
        }
    }

    private static IEnumerable<(JsonObject Value, string Path)> Children(JsonNode? value, string path) => value switch
    {
        JsonObject one => [(one, path)],
        JsonArray several => several.Index().Where(e => e.Item is JsonObject).Select(e => ((JsonObject)e.Item!, $"{path}[{e.Index}]")),
        _ => [],
    };

    private static IEnumerable<JsonObject> Entries(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>();

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
