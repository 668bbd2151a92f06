using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>metav1.Status: why the server refused.</summary>
public sealed record ApiStatus
{
    /// <summary>One CamelCase word such as <c>NotFound</c>; empty when the server named none.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>The same for people.</summary>
    public string Message { get; init => field = value ?? ""; } = "";

    /// <summary>The HTTP status, repeated; the only place for it inside a watch. 0 when absent.</summary>
    public int Code { get; init; }

    /// <summary>What it is about.</summary>
    public ApiStatusDetails? Details { get; init; }

    /// <summary>Every single problem, for a refused object.</summary>
    [JsonIgnore]
    public IReadOnlyList<ApiStatusCause> Causes => Details?.Causes ?? [];
}

/// <summary>metav1.StatusDetails.</summary>
public sealed record ApiStatusDetails
{
    /// <summary>The object's name.</summary>
    public string? Name { get; init; }

    /// <summary>The object's API group.</summary>
    public string? Group { get; init; }

    /// <summary>The object's kind, or the resource's plural.</summary>
    public string? Kind { get; init; }

    /// <summary>The object's UID.</summary>
    public string? Uid { get; init; }

    /// <summary>Every single problem.</summary>
    public IReadOnlyList<ApiStatusCause>? Causes { get; init; }

    /// <summary>After how many seconds to ask again.</summary>
    public int? RetryAfterSeconds { get; init; }
}

/// <summary>metav1.StatusCause: one problem.</summary>
public sealed record ApiStatusCause
{
    /// <summary>One CamelCase word such as <c>FieldValueInvalid</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>The field, <c>spec.ports[0].port</c> for instance.</summary>
    public string? Field { get; init; }
}

/// <summary>The JSON contracts of the client's own messages.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = KubeJson.MaxDepth)]
[JsonSerializable(typeof(ApiStatus))]
[JsonSerializable(typeof(ListMeta))]
[JsonSerializable(typeof(DeleteBody))]
[JsonSerializable(typeof(VersionBody))]
[JsonSerializable(typeof(DiscoveryBody))]
[JsonSerializable(typeof(JsonArray))]
internal sealed partial class ApiJson : JsonSerializerContext;
