using System.Text.Json;
using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.LoadBalancing;

namespace Fleet.Gateway;

/// <summary>Routes that were read and found whole.</summary>
internal sealed record RoutesDocument(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters, ForwardedTrust Trust, IReadOnlyList<string>? CorsOrigins)
{
    public static RoutesDocument Empty { get; } = new([], [], ForwardedTrust.Nobody, null);
}

/// <summary>A text that is not taken as routes; the message holds every problem found, not the first.</summary>
internal sealed class RoutesException(IReadOnlyCollection<string> problems) : Exception(string.Join("; ", problems));

/// <summary>Turns the text of <c>routes.json</c> into YARP's configuration, or says everything that is wrong with it.</summary>
internal static class RoutesParser
{
    public const int MaxBytes = 4 << 20; // four times what a ConfigMap holds
    public const string PerRequest = "PerRequest";
    public const string BalancingKey = "Fleet.Balancing";
    public static readonly TimeSpan DefaultActivityTimeout = TimeSpan.FromSeconds(100);

    /// <exception cref="RoutesException">The text cannot be served.</exception>
    public static RoutesDocument Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxBytes)
            throw new RoutesException([$"{text.Length} bytes are more than {MaxBytes}"]);
        RoutesJson json;
        try
        {
            if (text.StartsWith("\uFEFF"u8))
                text = text[3..];
            json = JsonSerializer.Deserialize(text, RoutesJsonContext.Default.RoutesJson) ?? throw new RoutesException(["null is no routes"]);
        }
        catch (JsonException e)
        {
            throw new RoutesException([e.Message]);
        }

        if (json.ReverseProxy is not { } proxy)
            throw new RoutesException(["there is no ReverseProxy section"]);
        var problems = new List<string>();
        var routes = (proxy.Routes ?? []).Select(r => (Config: Route(r.Key, r.Value, problems), Policy: RoutePolicy.Read(r.Key, r.Value?.Metadata, problems))).ToArray();
        var clusters = (proxy.Clusters ?? []).Select(c => Cluster(c.Key, c.Value, [.. routes.Where(r => r.Config.ClusterId == c.Key).Select(r => r.Policy)], problems)).ToArray();
        foreach (var (route, _) in routes.Where(r => r.Config.ClusterId is { } id && clusters.All(c => c.ClusterId != id)))
            problems.Add($"route {route.RouteId}: there is no cluster {route.ClusterId}");
        foreach (var twice in routes.Select(r => r.Config.RouteId).Concat(clusters.Select(c => "cluster " + c.ClusterId)).GroupBy(id => id, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
            problems.Add($"{twice.Key} is there twice, in other letters");
        var trust = ForwardedTrust.Read(json.Gateway?.TrustedProxies ?? [], problems);
        var origins = Origins(json.Gateway?.Cors, problems);
        return problems.Count > 0 ? throw new RoutesException(problems) : new RoutesDocument([.. routes.Select(r => r.Config)], clusters, trust, origins);
    }

    private static RouteConfig Route(string id, RouteJson? json, List<string> problems)
    {
        if (json?.ClusterId is null)
            problems.Add($"route {id}: ClusterId is missing");
        if (json?.Match is not { } match || (match.Path is null && match.Hosts is not { Count: > 0 }))
            problems.Add($"route {id}: Match needs a Path or Hosts");
        else if (match.Path is { } path && PatternProblem(path) is { } wrong)
            problems.Add($"route {id}: the path {path}: {wrong}");
        return new RouteConfig
        {
            RouteId = id,
            ClusterId = json?.ClusterId,
            Order = json?.Order,
            Match = new RouteMatch { Methods = json?.Match?.Methods, Hosts = json?.Match?.Hosts, Path = json?.Match?.Path },
            Transforms = json?.Transforms,
            Metadata = json?.Metadata,
        };
    }

    private static ClusterConfig Cluster(string id, ClusterJson? json, IReadOnlyCollection<RoutePolicy> routes, List<string> problems)
    {
        if (json?.SessionAffinity is not null)
            problems.Add($"cluster {id}: SessionAffinity is not served: requests are balanced one by one, and a service keeps its state in its store");
        if (json?.Destinations is not { Count: > 0 })
            problems.Add($"cluster {id}: there is no destination");
        foreach (var (name, destination) in json?.Destinations ?? [])
        {
            if (!Uri.TryCreate(destination?.Address, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                problems.Add($"cluster {id}: the address of destination {name} is not an http URL");
        }

        foreach (var (key, value) in json?.Metadata ?? [])
        {
            if (key == BalancingKey ? value != PerRequest : key.StartsWith("Fleet.", StringComparison.Ordinal))
                problems.Add($"cluster {id}: {key} {value} is not a setting of this gateway");
        }

        var perRequest = json?.Metadata?.ContainsKey(BalancingKey) == true;
        var request = Request(id, json?.HttpRequest, routes, problems);
        return new ClusterConfig
        {
            ClusterId = id,
            LoadBalancingPolicy = LoadBalancingPolicies.PowerOfTwoChoices,
            Destinations = (json?.Destinations ?? []).ToDictionary(d => d.Key, d => new DestinationConfig
            {
                Address = d.Value?.Address ?? "",
                Host = d.Value?.Host,
                // The resolver is shown destinations, not clusters.
                Metadata = perRequest ? new Dictionary<string, string> { [BalancingKey] = PerRequest } : null,
            }),
            HttpRequest = request,
            HealthCheck = ClusterHealth.For(isGrpc: routes.Any(r => r.IsGrpc)),
            Metadata = json?.Metadata,
        };
    }

    private static ForwarderRequestConfig Request(string id, RequestJson? json, IReadOnlyCollection<RoutePolicy> routes, List<string> problems)
    {
        Version? version = null;
        if (json?.Version is { } text && !Version.TryParse(text.Contains('.', StringComparison.Ordinal) ? text : text + ".0", out version))
            problems.Add($"cluster {id}: HttpRequest.Version {text} is not a version");
        HttpVersionPolicy? policy = null;
        if (json?.VersionPolicy is { } name)
        {
            if (Enum.TryParse<HttpVersionPolicy>(name, ignoreCase: true, out var parsed) && !char.IsAsciiDigit(name[0]))
                policy = parsed;
            else
                problems.Add($"cluster {id}: HttpRequest.VersionPolicy {name} is not one of {string.Join(", ", Enum.GetNames<HttpVersionPolicy>())}");
        }

        // YARP's activity timeout runs before the answer too, where the route's own timeout has the say.
        var activity = json?.ActivityTimeout ?? DefaultActivityTimeout;
        var longest = routes.Select(r => r.Timeout).DefaultIfEmpty().Max();
        return new ForwarderRequestConfig
        {
            Version = version,
            VersionPolicy = policy,
            ActivityTimeout = activity > longest ? activity : longest + TimeSpan.FromSeconds(1),
        };
    }

    private static string? PatternProblem(string path)
    {
        try
        {
            RoutePatternFactory.Parse(path);
            return null;
        }
        catch (RoutePatternException e)
        {
            return e.Message;
        }
    }

    private static IReadOnlyList<string>? Origins(CorsSettings? cors, List<string> problems)
    {
        foreach (var origin in cors?.AllowedOrigins ?? [])
        {
            if (origin != "*" && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath == "/" && !origin.EndsWith('/')))
                problems.Add($"Cors.AllowedOrigins: {origin} is not an origin like https://shop.example.com");
        }

        return cors?.AllowedOrigins is { Count: > 0 } origins ? origins : null;
    }
}
