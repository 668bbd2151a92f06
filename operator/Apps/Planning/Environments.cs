using System.Collections.Immutable;
using System.Globalization;

namespace Fleet.Apps;

/// <summary>The variables that a container is given: the one interface between the operator and the programs it runs.</summary>
internal static class Environments
{
    internal static ImmutableArray<(string Name, string Value)> Of(EffectiveApp app, EffectiveService service) =>
    [
        .. Common(app, service.Name, service.TargetPort, managed: service.Bundled is not null),
        .. service.DependsOn.Select(d => app.Services.FirstOrDefault(s => s.Name == d)).OfType<EffectiveService>().Select(peer => Peer(app, peer)),
        .. Issuer(app, service),
    ];

    internal static ImmutableArray<(string Name, string Value)> Of(EffectiveApp app, EffectiveGateway gateway) =>
    [
        .. Common(app, Names.Gateway, EffectiveGateway.ContainerPort, managed: true),
        .. Issuer(app),
        ("ROUTES_FILE", $"{PodVolumes.RoutesFolder}/{RoutesConfig.FileName}"),
        .. gateway.LiveRoutes ? [("ROUTES_CONFIGMAP", Names.Routes(app.Name))] : Array.Empty<(string, string)>(),
        .. gateway.Spec.Tls is { } tls
            ?
            [
                ("TLS_DIRECTORY", PodVolumes.TlsFolder),
                ("TLS_PORT", EffectiveGateway.TlsContainerPort.ToString(CultureInfo.InvariantCulture)),
                .. tls.Redirect != false ? [("TLS_REDIRECT", "true")] : Array.Empty<(string, string)>(),
            ]
            : Array.Empty<(string, string)>(),
    ];

    private static IEnumerable<(string Name, string Value)> Common(EffectiveApp app, string service, int port, bool managed)
    {
        yield return ("PORT", port.ToString(CultureInfo.InvariantCulture));
        if (managed)
            yield return ("MANAGEMENT_PORT", Bundled.ManagementPort.ToString(CultureInfo.InvariantCulture));
        yield return ("FLEET_APP", app.Name);
        yield return ("FLEET_SERVICE", service);
        yield return ("FLEET_NAMESPACE", app.Namespace);
        yield return ("OTEL_SERVICE_NAME", $"{app.Name}-{service}");
    }

    // dns:/// is gRPC's own scheme: the client resolves every address and balances over them.
    private static (string Name, string Value) Peer(EffectiveApp app, EffectiveService peer)
    {
        var scheme = peer.Spec.Protocol == ServiceProtocol.Grpc ? "dns:///" : "http://";
        return (Names.PeerVariable(peer.Name), $"{scheme}{Names.Host(app.Name, peer.Name, app.Namespace)}:{peer.Spec.Port}");
    }

    // The service that issues tokens is told its own name, whoever else's tokens the app accepts.
    private static IEnumerable<(string Name, string Value)> Issuer(EffectiveApp app, EffectiveService? service = null)
    {
        var audience = string.Join(',', app.App.Spec.Gateway?.Auth?.Audiences ?? [app.Name]);
        if (app.ForeignIssuer is { } foreign && service?.Bundled?.IssuesTokens != true)
        {
            yield return ("AUTH__ISSUER", foreign.Issuer!);
            if (foreign.JwksUri is { } keys)
                yield return ("AUTH__JWKSURI", keys);
            yield return ("AUTH__AUDIENCE", audience);
        }
        else if (app.Issuer is { } issuer)
        {
            var address = $"http://{Names.Host(app.Name, issuer.Name, app.Namespace)}:{issuer.Spec.Port}";
            yield return ("AUTH__ISSUER", address);
            yield return ("AUTH__JWKSURI", $"{address}/.well-known/jwks.json");
            yield return ("AUTH__AUDIENCE", audience);
        }
    }
}
