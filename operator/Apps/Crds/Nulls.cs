using System.Text.Json;

namespace Fleet.Apps;

/// <summary>
/// Finds what is null where the schema has something: no server with our CRD keeps such a thing, and none of our types can say it. A field that need not be there
/// may be null, which is to be without it.
/// </summary>
internal static class Nulls
{
    /// <summary>The path of the first one; null when there is none.</summary>
    internal static string? First(Schema schema, JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Null => path,
        JsonValueKind.Object when schema.AdditionalProperties is { } entry => value.EnumerateObject().Select(p => First(entry, p.Value, $"{path}[{p.Name}]")).FirstOrDefault(p => p is not null),
        JsonValueKind.Object => value.EnumerateObject().Select(p => OfField(schema, p, path)).FirstOrDefault(p => p is not null),
        JsonValueKind.Array when schema.Items is { } items => value.EnumerateArray().Select((item, i) => First(items, item, $"{path}[{i}]")).FirstOrDefault(p => p is not null),
        _ => null,
    };

    private static string? OfField(Schema schema, JsonProperty field, string path) =>
        !schema.Properties.TryGetValue(field.Name, out var property) || (field.Value.ValueKind == JsonValueKind.Null && !schema.Required.Contains(field.Name))
            ? null : First(property, field.Value, $"{path}.{field.Name}");
}
