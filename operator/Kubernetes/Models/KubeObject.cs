using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>
/// An object as JSON with its metadata typed: what the planner makes and what the server answers, compared field by field.
/// Immutable; <c>metadata.managedFields</c> is taken out of <see cref="Json"/> and kept in <see cref="Metadata"/>.
/// </summary>
/// <remarks>Caches hold thousands, and few are looked at: what is kept is the text. It is parsed when it is asked for, and forgotten at the next collection.</remarks>
public sealed class KubeObject : IKubeObject
{
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = KubeJson.MaxDepth };

    private readonly byte[] _utf8;
    private readonly WeakReference<JsonDocument> _parsed = new(null!);

    private KubeObject(Resource resource, ObjectMeta metadata, byte[] utf8) => (Resource, Metadata, _utf8) = (resource, metadata, utf8);

    /// <summary>Which kind it is.</summary>
    public Resource Resource { get; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get; }

    /// <summary>The whole object but its managedFields.</summary>
    public JsonElement Json
    {
        get
        {
            if (!_parsed.TryGetTarget(out var parsed))
                _parsed.SetTarget(parsed = JsonDocument.Parse(_utf8, Depth));
            return parsed.RootElement;
        }
    }

    /// <summary><c>Deployment/shop-auth</c>: how people and messages name it.</summary>
    public string Id => $"{Resource.Kind}/{Metadata.Name}";

    /// <summary>Reads an object that the server sent.</summary>
    /// <exception cref="JsonException">The text is not an object with metadata.</exception>
    public static KubeObject Parse(Resource resource, ReadOnlySpan<byte> utf8)
    {
        var parts = ObjectParts.Of(utf8);
        var metadata = parts.Metadata is { } at ? JsonSerializer.Deserialize(utf8[at], KubeJson.Default.ObjectMeta) ?? new() : new();
        return new(resource, metadata, [.. utf8[..parts.Cut.Start], .. utf8[parts.Cut.End..]]);
    }

    /// <summary>Takes over an object that was built here; <c>apiVersion</c> and <c>kind</c> are set from the resource.</summary>
    public static KubeObject From(Resource resource, JsonObject built)
    {
        built.Remove("apiVersion");
        built.Remove("kind");
        built.Insert(0, "apiVersion", resource.ApiVersion);
        built.Insert(1, "kind", resource.Kind);
        // Characters as they are: API servers before 1.21 read quantities without undoing escapes.
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = KubeJson.Encoder }))
            built.WriteTo(writer);
        return Parse(resource, buffer.WrittenSpan);
    }

    /// <summary>A top-level part such as <c>spec</c> or <c>status</c>, or an undefined element where there is none.</summary>
    public JsonElement Part(string name) => Json.TryGetProperty(name, out var part) ? part : default;

    /// <summary>A mutable copy.</summary>
    public JsonObject ToJsonObject() => JsonObject.Create(Json)!;

    /// <summary>The object's bytes.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>An object of which only the metadata was asked for.</summary>
public sealed record PartialObject : IKubeObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
}
