using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.ApiServer;

/// <summary>JSON as it goes over the wire, and short ways into it.</summary>
internal static class Wire
{
    /// <summary>For a value as text.</summary>
    internal static readonly JsonSerializerOptions Options = new() { Encoder = KubeJson.Encoder, MaxDepth = KubeJson.MaxDepth };

    /// <summary>A document as it is sent.</summary>
    internal static byte[] Bytes(JsonNode json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = KubeJson.Encoder, MaxDepth = KubeJson.MaxDepth }))
            json.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The object's metadata, made when it is missing.</summary>
    internal static JsonObject Meta(this JsonObject whole)
    {
        if (whole["metadata"] is JsonObject metadata)
            return metadata;
        var made = new JsonObject();
        whole["metadata"] = made;
        return made;
    }

    /// <summary>A field that is a string, or null.</summary>
    internal static string? Text(this JsonObject json, string field) => json[field] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>A field that is a whole number, or null.</summary>
    internal static long? Number(this JsonObject json, string field) =>
        json[field] is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out long number) ? number : null;

    /// <summary>The objects of a list.</summary>
    internal static IEnumerable<JsonObject> Objects(this JsonObject json, string field) => json[field] is JsonArray list ? list.OfType<JsonObject>() : [];

    /// <summary>The strings of a list.</summary>
    internal static IEnumerable<string> Texts(this JsonObject json, string field) =>
        json[field] is JsonArray list ? list.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>()) : [];

    /// <summary>Puts a copy of a part of one object into another, or takes it away where the first has none.</summary>
    internal static void Take(this JsonObject into, string field, JsonObject from)
    {
        if (from[field] is { } value)
            into[field] = value.DeepClone();
        else
            into.Remove(field);
    }

    /// <summary>A time as metav1.Time has it: whole seconds, UTC.</summary>
    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
