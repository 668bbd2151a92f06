using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Builds JSON the way manifests are read: absent values leave no trace.</summary>
internal static class Json
{
    /// <summary>An object of the fields that are not null.</summary>
    internal static JsonObject Of(params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var built = new JsonObject();
        foreach (var (name, value) in fields)
        {
            if (value is not null)
                built[name] = value;
        }

        return built;
    }

    /// <summary>A number or a text.</summary>
    internal static JsonValue Of(IntOrString value) => value.Number is { } number ? JsonValue.Create(number) : JsonValue.Create(value.Text!);

    /// <summary>A list of what is not null; null when nothing is.</summary>
    internal static JsonArray? ListOf(IEnumerable<JsonNode?> items)
    {
        JsonNode?[] present = [.. items.Where(i => i is not null)];
        return present.Length == 0 ? null : new JsonArray(present);
    }

    /// <summary>A map of strings, sorted by key so that equal maps are equal bytes; null when it is empty.</summary>
    internal static JsonObject? Map(IEnumerable<KeyValuePair<string, string>>? map)
    {
        var built = new JsonObject();
        foreach (var (key, value) in map?.OrderBy(p => p.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, string>>())
            built[key] = value;
        return built.Count == 0 ? null : built;
    }

    /// <summary>A list of strings; null when there is none.</summary>
    internal static JsonArray? Strings(IEnumerable<string>? items) => ListOf((items ?? []).Select(i => (JsonNode?)JsonValue.Create(i)));
}
