using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Where the app and its services are reached from outside.</summary>
internal static class Addresses
{
    /// <summary>
    /// The first hostname of the gateway, else its address: the load balancer's, else the name inside the cluster; with the Gateway API the listener's hostname, else
    /// the Gateway's address. Null without a gateway, and while nothing of it is known.
    /// </summary>
    internal static string? OfApp(EffectiveApp app, Observed world) => Front(app, world) is { Host: { } host } front ? front.Url(host) : null;

    /// <summary>The URL of a service's route; null without one.</summary>
    internal static string? OfService(EffectiveApp app, EffectiveService service, Observed world)
    {
        if (service.Route is not { } route || Front(app, world) is not { } front || (route.Hostnames.FirstOrDefault(IsAddress) ?? front.Host) is not { } host)
            return null;
        var at = front.Url(host);
        var path = route.Prefixes[0];
        return service.Spec.Protocol == ServiceProtocol.Grpc ? $"{at}{path}/" : at + path;
    }

    private static Place? Front(EffectiveApp app, Observed world)
    {
        var hostname = app.App.Spec.Gateway?.Hostnames?.FirstOrDefault(IsAddress);
        if (app.Gateway is { } gateway)
        {
            var host = hostname ?? LoadBalancer(app, world) ?? Names.Host(app.Name, Names.Gateway, app.Namespace);
            return gateway.TlsSecret is null ? new(host, "http", gateway.Port) : new(host, "https", EffectiveGateway.TlsPort);
        }

        return app.Parent is { } parent && world.Parent is { } live ? Listener(live, parent, hostname) : null;
    }

    // The listener that the routes name, else the safest that there is.
    private static Place? Listener(KubeObject gateway, ParentReference parent, string? hostname)
    {
        if (!gateway.Part("spec").TryGetProperty("listeners", out var listeners) || listeners.ValueKind != JsonValueKind.Array)
            return null;
        var chosen = listeners.EnumerateArray().Where(l => parent.SectionName is null || Text(l, "name") == parent.SectionName).OrderByDescending(l => Text(l, "protocol") == "HTTPS").FirstOrDefault();
        if (chosen.ValueKind != JsonValueKind.Object || !chosen.TryGetProperty("port", out var port))
            return null;
        var address = gateway.Part("status") is { ValueKind: JsonValueKind.Object } status && status.TryGetProperty("addresses", out var addresses) && addresses is { ValueKind: JsonValueKind.Array }
            ? addresses.EnumerateArray().Select(a => Text(a, "value")).FirstOrDefault() : null;
        var host = hostname ?? (Text(chosen, "hostname") is { } own && IsAddress(own) ? own : null) ?? Bracketed(address);
        return new(host, Text(chosen, "protocol") == "HTTPS" ? "https" : "http", port.GetInt32());
    }

    // A pattern stands for many hosts and is none; the app's own address is shown for it.
    private static bool IsAddress(string hostname) => !hostname.StartsWith('*');

    private static string? LoadBalancer(EffectiveApp app, Observed world)
    {
        var service = world.Own(app.App, Resources.Services, Names.Child(app.Name, Names.Gateway));
        if (service?.Part("status") is not { ValueKind: JsonValueKind.Object } part)
            return null;
        var ingress = part.Deserialize(KubeJson.Default.ServiceStatus)?.LoadBalancer?.Ingress is { Count: > 0 } list ? list[0] : null;
        return ingress?.Hostname ?? Bracketed(ingress?.Ip);
    }

    // RFC 3986, section 3.2.2: an IPv6 address stands in brackets.
    private static string? Bracketed(string? address) => address?.Contains(':') == true ? $"[{address}]" : address;

    private static string? Text(JsonElement parent, string field) => parent.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Place(string? Host, string Scheme, int Port)
    {
        internal string Url(string host) => (Scheme, Port) is ("http", 80) or ("https", 443) ? $"{Scheme}://{host}" : $"{Scheme}://{host}:{Port}";
    }
}
