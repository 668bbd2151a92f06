using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Builds the routes of the Gateway API: an HTTPRoute for each routed service, and a GRPCRoute for a gRPC service on host names that no other service has. On
/// shared ones it is an HTTPRoute by paths, since routes of both kinds with a host name in common exclude each other on a listener (GEP-1016).
/// </summary>
internal static class GatewayApiRoutes
{
    internal static IEnumerable<PlannedObject> Of(EffectiveApp app) => app.Parent is not { } parent ? []
        : app.Services.Where(s => s.Route is not null).Select(s => IsAlone(app, s) ? GrpcRoute(app, s, s.Route!, parent) : HttpRoute(app, s, s.Route!, parent));

    /// <summary>Whether a route names the parent of the app; what a Gateway's controller says stands under the same name.</summary>
    internal static JsonObject Reference(EffectiveApp app, ParentReference parent) => Json.Of(
        ("group", Resources.Gateways.Group), ("kind", Resources.Gateways.Kind), ("namespace", parent.Namespace ?? app.Namespace), ("name", parent.Name), ("sectionName", parent.SectionName));

    private static PlannedObject HttpRoute(EffectiveApp app, EffectiveService s, EffectiveRoute route, ParentReference parent) => Route(app, s, route, parent, Resources.HttpRoutes, Json.Of(
        ("matches", new JsonArray([.. route.Prefixes.Select(p => Json.Of(("path", Json.Of(("type", "PathPrefix"), ("value", p.Length == 0 ? "/" : p)))))])),
        ("filters", route.Strip is null ? null : new JsonArray(Json.Of(
            ("type", "URLRewrite"), ("urlRewrite", Json.Of(("path", Json.Of(("type", "ReplacePrefixMatch"), ("replacePrefixMatch", "/")))))))),
        ("timeouts", s.Spec.Route?.TimeoutSeconds is { } seconds ? Json.Of(("request", $"{seconds}s")) : null),
        ("backendRefs", Backend(app, s))));

    private static PlannedObject GrpcRoute(EffectiveApp app, EffectiveService s, EffectiveRoute route, ParentReference parent) => Route(app, s, route, parent, Resources.GrpcRoutes, Json.Of(
        ("matches", new JsonArray([.. s.GrpcServices.Select(g => Json.Of(("method", Json.Of(("type", "Exact"), ("service", g)))))])),
        ("backendRefs", Backend(app, s))));

    private static PlannedObject Route(EffectiveApp app, EffectiveService s, EffectiveRoute route, ParentReference parent, Resource kind, JsonObject rule) => PlannedObject.Of(kind, s.Name, Json.Of(
        ("metadata", Metadata.Of(app, s.Name, Names.Child(app.Name, s.Name), [])),
        ("spec", Json.Of(
            ("parentRefs", new JsonArray(Reference(app, parent))),
            ("hostnames", Json.Strings(route.Hostnames)),
            ("rules", new JsonArray(rule))))));

    private static JsonArray Backend(EffectiveApp app, EffectiveService s) =>
        new(Json.Of(("group", ""), ("kind", Resources.Services.Kind), ("name", Names.Child(app.Name, s.Name)), ("port", s.Spec.Port)));

    // A GRPCRoute has no timeouts.
    private static bool IsAlone(EffectiveApp app, EffectiveService service) =>
        service is { Spec: { Protocol: ServiceProtocol.Grpc, Route: { Hostnames.Count: > 0, TimeoutSeconds: null } } }
        && !app.Services.Any(o => o.Name != service.Name && o.Route is { } other && (other.Hostnames.IsEmpty || other.Hostnames.Any(h => service.Route!.Hostnames.Any(own => Overlap(own, h)))));

    // *.example.com stands for every name below example.com.
    private static bool Overlap(string one, string other) => one == other || IsBelow(one, other) || IsBelow(other, one);

    private static bool IsBelow(string name, string pattern) => pattern.StartsWith("*.", StringComparison.Ordinal) && name.EndsWith(pattern[1..], StringComparison.Ordinal);
}
