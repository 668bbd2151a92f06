using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Where the app and its services are reached from outside.</summary>
internal static class Addresses
{
    /// <summary>The first hostname of the gateway, else the load balancer's address, else the name inside the cluster; null without a gateway.</summary>
    internal static string? OfApp(EffectiveApp app, Observed world) => app.Gateway is not { } gateway ? null
        : Url(gateway.Spec.Hostnames?.FirstOrDefault(IsAddress) ?? LoadBalancer(app, world) ?? Names.Host(app.Name, Names.Gateway, app.Namespace), gateway);

    /// <summary>The URL of a service's route; null without one.</summary>
    internal static string? OfService(EffectiveApp app, EffectiveService service, string? appUrl)
    {
        if (service.Route is not { } route || appUrl is null)
            return null;
        var host = route.Hostnames.FirstOrDefault(IsAddress);
        var at = host is null ? appUrl : Url(host, app.Gateway!);
        var path = route.Prefixes[0];
        return service.Spec.Protocol == ServiceProtocol.Grpc ? $"{at}{path}/" : at + path;
    }

    // A pattern stands for many hosts and is none; the app's own address is shown for it.
    private static bool IsAddress(string hostname) => !hostname.StartsWith('*');

    private static string Url(string host, EffectiveGateway gateway) => gateway switch
    {
        { TlsSecret: not null } => $"https://{host}",
        { Port: 80 } => $"http://{host}",
        { Port: var port } => $"http://{host}:{port}",
    };

    private static string? LoadBalancer(EffectiveApp app, Observed world)
    {
        var service = world.Own(app.App, Resources.Services, Names.Child(app.Name, Names.Gateway));
        if (service?.Part("status") is not { ValueKind: JsonValueKind.Object } part)
            return null;
        var ingress = part.Deserialize(KubeJson.Default.ServiceStatus)?.LoadBalancer?.Ingress is { Count: > 0 } list ? list[0] : null;
        // RFC 3986, section 3.2.2: an IPv6 address stands in brackets.
        return ingress?.Hostname ?? (ingress?.Ip is { } ip && ip.Contains(':') ? $"[{ip}]" : ingress?.Ip);
    }
}
