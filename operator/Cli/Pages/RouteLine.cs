using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>A route of an app's gateway, for people.</summary>
/// <param name="Match">What it answers to: <c>/users</c>, <c>shop.example.com/users</c>, <c>/orders.v1.Orders/</c>.</param>
/// <param name="Service">Where it leads.</param>
/// <param name="IsPublic">Whether anybody may use it: the gateway asks for no token.</param>
internal sealed record RouteLine(string Match, string Service, bool IsPublic)
{
    /// <summary>The routes in the order of the spec.</summary>
    internal static IEnumerable<RouteLine> Of(EffectiveApp app) => app.Services.SelectMany(s => s.Route is { } route ? Of(s, route) : []);

    private static IEnumerable<RouteLine> Of(EffectiveService service, EffectiveRoute route) =>
        from host in route.Hostnames.DefaultIfEmpty("")
        from prefix in route.Prefixes
        // A gRPC service is a folder of methods; the root has no prefix.
        let end = service.Spec.Protocol == ServiceProtocol.Grpc || prefix.Length == 0 ? "/" : ""
        select new RouteLine($"{host}{prefix}{end}", service.Name, route.Public);
}
