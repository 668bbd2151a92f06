using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>As what a client wants to see objects. Rule: kubernetes.io, "API concepts", alternate representations of resources.</summary>
internal enum Form
{
    /// <summary>Whole.</summary>
    Whole,

    /// <summary>Only their metadata: PartialObjectMetadata.</summary>
    Metadata,

    /// <summary>As rows: Table.</summary>
    Table,
}

/// <summary>Shows objects as a client asked for them.</summary>
/// <param name="kind">What they are.</param>
/// <param name="form">As what they are shown.</param>
/// <param name="include">What a row carries of its object: Metadata, Object or None.</param>
/// <param name="time">For ages.</param>
internal sealed class Representation(ServedKind kind, Form form, string include, TimeProvider time)
{
    private const string Meta = "meta.k8s.io/v1";

    private bool _columnsAreTold;

    /// <summary>Chooses by the request's Accept header.</summary>
    /// <exception cref="ApiError">Nothing that it accepts can be served.</exception>
    internal static Representation For(ApiRequest request, TimeProvider time) =>
        new(request.Kind, FormOf(request.Http.Request.Headers.Accept.ToString()), request.Query("includeObject") ?? "Metadata", time);

    /// <summary>One object.</summary>
    internal JsonObject Show(JsonObject stored)
    {
        var shown = EventViews.Out(kind, stored);
        return form switch
        {
            Form.Metadata => Partial(shown),
            Form.Table => Row(shown),
            _ => shown,
        };
    }

    /// <summary>One object as bytes: those that are stored, where they are what is asked for.</summary>
    internal byte[] Bytes(StoredObject stored) =>
        form == Form.Whole && ReferenceEquals(EventViews.Out(kind, stored.Json), stored.Json) ? stored.Utf8 : Wire.Bytes(Show(stored.Json));

    /// <summary>A list of them, as bytes.</summary>
    /// <param name="objects">The objects.</param>
    /// <param name="metadata">The list's own metadata.</param>
    internal byte[] ListBytes(IEnumerable<StoredObject> objects, JsonObject metadata)
    {
        if (form == Form.Table)
        {
            var table = Tables.Render(kind, objects.Select(o => EventViews.Out(kind, o.Json)), time.GetUtcNow(), Include(), metadata);
            return Wire.Bytes(table);
        }

        var (list, version) = form == Form.Metadata ? ("PartialObjectMetadataList", Meta) : ($"{kind.Resource.Kind}List", kind.Resource.ApiVersion);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new() { SkipValidation = true, Encoder = KubeJson.Encoder }))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", list);
            writer.WriteString("apiVersion", version);
            writer.WritePropertyName("metadata");
            metadata.WriteTo(writer);
            writer.WriteStartArray("items");
            foreach (var stored in objects)
                writer.WriteRawValue(Bytes(stored), skipInputValidation: true);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>What a bookmark of a watch carries.</summary>
    internal JsonObject Bookmark(long revision, bool endsInitial)
    {
        var metadata = new JsonObject { ["resourceVersion"] = $"{revision}" };
        if (endsInitial)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        return form switch
        {
            Form.Metadata => new() { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = Meta, ["metadata"] = metadata },
            Form.Table => new() { ["kind"] = "Table", ["apiVersion"] = Meta, ["metadata"] = metadata, ["columnDefinitions"] = new JsonArray(), ["rows"] = new JsonArray() },
            _ => new() { ["kind"] = kind.Resource.Kind, ["apiVersion"] = kind.Resource.ApiVersion, ["metadata"] = metadata },
        };
    }

    // Of a watch only the first event names the columns.
    private JsonObject Row(JsonObject shown)
    {
        var table = Tables.Render(kind, [shown], time.GetUtcNow(), Include(), withColumns: !_columnsAreTold);
        _columnsAreTold = true;
        return table;
    }

    private IncludeObject Include() => include switch
    {
        "None" => IncludeObject.None,
        "Object" => IncludeObject.Object,
        "Metadata" => IncludeObject.Metadata,
        _ => throw ApiError.BadRequest($"Invalid value for includeObject: \"{include}\": must be 'Metadata', 'Object', 'None', or empty"),
    };

    private static JsonObject Partial(JsonObject whole) =>
        new() { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = Meta, ["metadata"] = whole["metadata"]?.DeepClone() };

    private static Form FormOf(string accept)
    {
        if (accept.Length == 0)
            return Form.Whole;
        foreach (var type in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            var parts = type.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "application/*" or "*/*"))
                continue;
            var shape = Array.Find(parts, p => p.StartsWith("as=", StringComparison.Ordinal))?[3..];
            if (shape is null)
                return Form.Whole;
            var version = Array.Find(parts, p => p.StartsWith("v=", StringComparison.Ordinal))?[2..];
            if (version != "v1")
                continue;
            if (shape is "Table")
                return Form.Table;
            if (shape is "PartialObjectMetadata" or "PartialObjectMetadataList")
                return Form.Metadata;
        }

        throw ApiError.NotAcceptable("application/json");
    }
}
