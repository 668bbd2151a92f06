using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Renders <c>routes.json</c>: YARP's own configuration schema, so that standard tools read it, with the app's words as metadata.
/// The same spec gives the same bytes. Schema: the YARP documentation, "Configuration files".
/// </summary>
public static class RoutesConfig
{
    /// <summary>The key in the ConfigMap, and the file in the gateway's pod.</summary>
    public const string FileName = "routes.json";

    private static readonly JsonSerializerOptions Indented = new(KubeJson.Default.Options) { WriteIndented = true, Encoder = KubeJson.Encoder };

    /// <summary>The file's text.</summary>
    public static string Render(EffectiveApp app)
    {
        var routes = app.Services
            .Where(s => s.Route is not null)
            .SelectMany(s => s.Route!.Prefixes.Select(p => (Service: s, Route: s.Route!, Prefix: p)))
            .OrderByDescending(r => r.Route.Hostnames.Length > 0) // a route with hostnames beats one without
            .ThenByDescending(r => r.Prefix.Count(c => c == '/')) // then the longest path, by segments
            .ThenByDescending(r => r.Prefix.Length)
            .ThenBy(r => r.Prefix, StringComparer.Ordinal)
            .ThenBy(r => r.Route.Hostnames.Any(h => h.StartsWith('*'))) // at the same path, a host by its name beats one by a pattern
            .ThenBy(r => r.Service.Name, StringComparer.Ordinal)
            .Select((r, order) => (Id: RouteId(r.Service, r.Prefix), Json: Route(r.Service, r.Route, r.Prefix, order)));
        var clusters = app.Services.Where(s => s.Route is not null).OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => (Id: s.Name, Json: Cluster(app, s)));
        var root = Json.Of(
            ("ReverseProxy", Json.Of(("Routes", Object(routes)), ("Clusters", Object(clusters)))),
            ("Gateway", Gateway(app.Gateway?.Spec)));
        return root.ToJsonString(Indented) + "\n";
    }

    private static string RouteId(EffectiveService s, string prefix) => s.Spec.Protocol == ServiceProtocol.Grpc ? $"{s.Name}{prefix}" : s.Name;

    private static JsonObject Route(EffectiveService s, EffectiveRoute route, string prefix, int order) => Json.Of(
        ("ClusterId", s.Name),
        ("Order", order),
        ("Match", Json.Of(
            ("Hosts", Json.Strings(route.Hostnames)),
            ("Path", $"{prefix}/{{**rest}}"))),
        ("Transforms", route.Strip is { } strip ? new JsonArray(Json.Of(("PathRemovePrefix", strip))) : null),
        ("Metadata", Json.Of(
            ("Fleet.Protocol", s.Spec.Protocol == ServiceProtocol.Grpc ? "gRPC" : "HTTP"),
            ("Fleet.Auth", route.Auth.ToString()),
            ("Fleet.TimeoutSeconds", Text(route.TimeoutSeconds)),
            ("Fleet.Retries", Text(route.Retries)),
            ("Fleet.RateLimit.RequestsPerSecond", route.RateLimit is { } limit ? Text(limit.RequestsPerSecond) : null),
            ("Fleet.RateLimit.Burst", route.RateLimit is { } bucket ? Text(bucket.Burst ?? bucket.RequestsPerSecond) : null))));

    private static JsonObject Cluster(EffectiveApp app, EffectiveService s)
    {
        var grpc = s.Spec.Protocol == ServiceProtocol.Grpc;
        return Json.Of(
            ("Destinations", Json.Of((s.Name, Json.Of(("Address", $"http://{Names.Host(app.Name, s.Name, app.Namespace)}:{s.Spec.Port}"))))),
            // Cleartext HTTP/2 with prior knowledge: there is no upgrade to negotiate it. A stream may be silent for long: the client has its deadline.
            ("HttpRequest", grpc ? Json.Of(("Version", "2"), ("VersionPolicy", "RequestVersionExact"), ("ActivityTimeout", "01:00:00")) : null),
            ("Metadata", s.Headless ? Json.Of(("Fleet.Balancing", "PerRequest")) : null));
    }

    private static JsonObject? Gateway(GatewaySpec? gateway) => gateway is not ({ Cors: not null } or { TrustedProxies.Count: > 0 }) ? null : Json.Of(
        ("Cors", gateway.Cors is { } cors ? Json.Of(("AllowedOrigins", Json.Strings(cors.AllowedOrigins))) : null),
        ("TrustedProxies", Json.Strings(gateway.TrustedProxies)));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Object(IEnumerable<(string Id, JsonObject Json)> entries) =>
        new(entries.Select(e => KeyValuePair.Create(e.Id, (JsonNode?)e.Json)));
}
