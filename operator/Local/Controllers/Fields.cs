using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>Reads of objects of which no type is kept: a missing field is no error, it is null.</summary>
internal static class Fields
{
    /// <summary>What is at a path; undefined when any step of it is missing.</summary>
    public static JsonElement At(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step, out element))
                return default;
        }

        return element;
    }

    /// <inheritdoc cref="At(JsonElement, ReadOnlySpan{string})"/>
    public static JsonElement At(this KubeObject obj, params ReadOnlySpan<string> path) => obj.Json.At(path);

    /// <summary>The whole number; null when it is none.</summary>
    public static int? Int(this JsonElement element) => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var number) ? number : null;

    /// <summary>The text; null when it is none.</summary>
    public static string? Text(this JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    /// <summary>Whether it is true.</summary>
    public static bool IsTrue(this JsonElement element) => element.ValueKind == JsonValueKind.True;

    /// <summary>The time; null when it is none.</summary>
    public static DateTimeOffset? Time(this JsonElement element) => element.Text() is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The entries of a list; none when it is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    /// <summary>The texts of an object, by key.</summary>
    public static IReadOnlyDictionary<string, string> Texts(this JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String).ToDictionary(p => p.Name, p => p.Value.GetString()!, StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A mutable copy; null for what is not there.</summary>
    public static JsonNode? ToNode(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(element.Clone())!.DeepClone(),
        JsonValueKind.Array => JsonArray.Create(element.Clone())!.DeepClone(),
        _ => JsonValue.Create(element.Clone()),
    };

    /// <summary>A time as Kubernetes writes it: UTC, whole seconds.</summary>
    public static string ToText(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The labels, which may be none.</summary>
    public static IReadOnlyDictionary<string, string> LabelsOrNone(this ObjectMeta meta) => meta.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Texts as JSON; null for none.</summary>
    public static JsonObject ToNode(this IEnumerable<KeyValuePair<string, string>> texts) =>
        new(texts.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)JsonValue.Create(t.Value))));
}
