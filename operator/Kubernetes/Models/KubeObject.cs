using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>
/// An object as JSON with its metadata typed: what the planner makes and what the server answers, compared field by field.
/// Immutable; <c>metadata.managedFields</c> is taken out of <see cref="Json"/> and kept in <see cref="Metadata"/>.
/// </summary>
public sealed class KubeObject : IKubeObject
{
    private KubeObject(Resource resource, ObjectMeta metadata, JsonElement json) => (Resource, Metadata, Json) = (resource, metadata, json);

    /// <summary>Which kind it is.</summary>
    public Resource Resource { get; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get; }

    /// <summary>The whole object but its managedFields.</summary>
    public JsonElement Json { get; }

    /// <summary><c>Deployment/shop-auth</c>: how people and messages name it.</summary>
    public string Id => $"{Resource.Kind}/{Metadata.Name}";

    /// <summary>Reads an object that the server sent.</summary>
    /// <exception cref="JsonException">The text is not an object with metadata.</exception>
    public static KubeObject Parse(Resource resource, ReadOnlySpan<byte> utf8)
    {
        var partial = JsonSerializer.Deserialize(utf8, KubeJson.Default.PartialObject) ?? throw new JsonException("null in place of an object");
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = KubeJson.MaxDepth });
        using var whole = JsonDocument.ParseValue(ref reader);
        return new(resource, partial.Metadata, WithoutManagedFields(whole.RootElement));
    }

    /// <summary>Takes over an object that was built here; <c>apiVersion</c> and <c>kind</c> are set from the resource.</summary>
    public static KubeObject From(Resource resource, JsonObject built)
    {
        built.Remove("apiVersion");
        built.Remove("kind");
        built.Insert(0, "apiVersion", resource.ApiVersion);
        built.Insert(1, "kind", resource.Kind);
        return Parse(resource, JsonSerializer.SerializeToUtf8Bytes(built, KubeJson.Default.JsonObject));
    }

    /// <summary>A top-level part such as <c>spec</c> or <c>status</c>, or an undefined element where there is none.</summary>
    public JsonElement Part(string name) => Json.TryGetProperty(name, out var part) ? part : default;

    /// <summary>A mutable copy.</summary>
    public JsonObject ToJsonObject() => JsonObject.Create(Json.Clone())!;

    /// <summary>The object's bytes.</summary>
    public ReadOnlySpan<byte> Utf8 => JsonMarshal.GetRawUtf8Value(Json);

    /// <inheritdoc/>
    public override string ToString() => Id;

    private static JsonElement WithoutManagedFields(JsonElement whole)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = KubeJson.Encoder }))
        {
            writer.WriteStartObject();
            foreach (var property in whole.EnumerateObject())
            {
                if (!property.NameEquals("metadata"u8))
                {
                    property.WriteTo(writer);
                    continue;
                }

                writer.WriteStartObject("metadata"u8);
                foreach (var field in property.Value.EnumerateObject().Where(f => !f.NameEquals("managedFields"u8)))
                    field.WriteTo(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan, new JsonDocumentOptions { MaxDepth = KubeJson.MaxDepth });
    }
}

/// <summary>An object of which only the metadata was asked for.</summary>
public sealed record PartialObject : IKubeObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
}
