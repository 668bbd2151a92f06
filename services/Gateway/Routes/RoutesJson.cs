using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Gateway;

/// <summary>
/// <c>routes.json</c> as it is written: YARP's own schema, as far as this gateway serves it, and the gateway's settings beside it. A setting that is not
/// here is refused by name, for a route that is not protected as written is worse than one that is not there.
/// </summary>
internal sealed record RoutesJson
{
    public ProxyJson? ReverseProxy { get; init; }
    public GatewaySettings? Gateway { get; init; }
}

internal sealed record ProxyJson
{
    public Dictionary<string, RouteJson>? Routes { get; init; }
    public Dictionary<string, ClusterJson>? Clusters { get; init; }
}

internal sealed record RouteJson
{
    public string? ClusterId { get; init; }
    public int? Order { get; init; }
    public MatchJson? Match { get; init; }
    public IReadOnlyList<Dictionary<string, string>>? Transforms { get; init; }
    public Dictionary<string, string>? Metadata { get; init; }
}

internal sealed record MatchJson
{
    public IReadOnlyList<string>? Methods { get; init; }
    public IReadOnlyList<string>? Hosts { get; init; }
    public string? Path { get; init; }
}

internal sealed record ClusterJson
{
    public Dictionary<string, DestinationJson>? Destinations { get; init; }
    public RequestJson? HttpRequest { get; init; }
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Read only to be refused with its reason.</summary>
    public JsonElement? SessionAffinity { get; init; }
}

internal sealed record DestinationJson
{
    public string? Address { get; init; }
    public string? Host { get; init; }
}

internal sealed record RequestJson
{
    public string? Version { get; init; }
    public string? VersionPolicy { get; init; }
    public TimeSpan? ActivityTimeout { get; init; }
}

/// <summary>What holds for every route.</summary>
internal sealed record GatewaySettings
{
    public CorsSettings? Cors { get; init; }

    /// <summary>Networks whose forwarded headers are believed, as CIDR.</summary>
    public IReadOnlyList<string>? TrustedProxies { get; init; }
}

/// <summary>The origins (scheme and host, or <c>*</c>) whose pages may read the answers. Absent: no page of another origin may.</summary>
internal sealed record CorsSettings
{
    public IReadOnlyList<string>? AllowedOrigins { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNameCaseInsensitive = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RoutesJson))]
internal sealed partial class RoutesJsonContext : JsonSerializerContext;
