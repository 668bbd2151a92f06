using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>Reads JSON that somebody else wrote: what has another type than expected is not there.</summary>
internal static class JsonReading
{
    /// <summary>A string; null when it is none.</summary>
    internal static string? Text(this JsonNode value) => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>The string in a field; null when there is none.</summary>
    internal static string? Text(this JsonObject obj, string field) => obj[field]?.Text();

    /// <summary>The whole number in a field; null when there is none.</summary>
    internal static long? Whole(this JsonObject obj, string field) =>
        obj[field] is JsonValue value && value.GetValueKind() == JsonValueKind.Number && long.TryParse(value.ToJsonString(), out var number) ? number : null;

    /// <summary>Whether a field is true.</summary>
    internal static bool Is(this JsonObject obj, string field) => obj[field]?.GetValueKind() == JsonValueKind.True;

    /// <summary>The objects of the list in a field.</summary>
    internal static IEnumerable<JsonObject> List(this JsonObject obj, string field) => (obj[field] as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The strings of the list in a field.</summary>
    internal static IEnumerable<string> Texts(this JsonObject obj, string field) => (obj[field] as JsonArray)?.Select(i => i?.Text()).OfType<string>() ?? [];

    /// <summary>The object at the end of a path of fields; null when there is none.</summary>
    internal static JsonObject? Object(this JsonObject obj, params ReadOnlySpan<string> path)
    {
        JsonNode? at = obj;
        foreach (var field in path)
            at = (at as JsonObject)?[field];
        return at as JsonObject;
    }

    /// <summary>Sets a field that is not there.</summary>
    internal static void Default(this JsonObject obj, string field, JsonNode? value)
    {
        if (obj[field] is null && value is not null)
            obj[field] = value;
    }
}
