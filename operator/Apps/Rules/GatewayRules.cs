namespace Fleet.Apps;

/// <summary>What must hold of the gateway, by its mode: nothing that a mode cannot do is silently dropped.</summary>
internal static class GatewayRules
{
    internal static IEnumerable<Problem> Check(EffectiveApp app) => app.App.Spec.Gateway is not { } gateway ? [] :
    [
        .. OfTokens(gateway),
        .. gateway.Mode == GatewayMode.GatewayApi ? OfGatewayApi(app, gateway) : OfBundled(gateway),
    ];

    private static IEnumerable<Problem> OfTokens(GatewaySpec gateway)
    {
        if (gateway.Auth is { JwksUri: not null, Issuer: null })
            yield return new("spec.gateway.auth.jwksUri", Says.JwksNeedsIssuer);
    }

    private static IEnumerable<Problem> OfBundled(GatewaySpec gateway)
    {
        if (gateway.ParentRef is not null)
            yield return new("spec.gateway.parentRef", Says.ParentGoesWithGatewayApi);
        if (gateway.Port == Bundled.ManagementPort)
            yield return new("spec.gateway.port", Says.GatewayPortIsManagement);
        if (gateway is { Port: EffectiveGateway.TlsPort, Tls: not null })
            yield return new("spec.gateway.port", Says.GatewayPortIsTls);
        foreach (var (i, network) in (gateway.TrustedProxies ?? []).Index())
        {
            if (!Networks.TryParse(network, out _))
                yield return new($"spec.gateway.trustedProxies[{i}]", $"{Says.NetworkMalformed}, is {network}");
        }

        foreach (var problem in ScalingRules.Check(gateway).Concat(ResourceRules.Check(gateway.Resources, "spec.gateway.resources")))
            yield return problem;
    }

    private static IEnumerable<Problem> OfGatewayApi(EffectiveApp app, GatewaySpec gateway)
    {
        if (gateway.ParentRef is null)
            yield return new("spec.gateway.parentRef", Says.ParentGoesWithGatewayApi);
        foreach (var (field, value) in Bundleds(gateway))
        {
            if (value is not null)
                yield return new($"spec.gateway.{field}", Says.BundledGatewayOnly);
        }

        foreach (var (i, service) in app.Services.Index())
        {
            var (path, route) = ($"{AppRules.ServicePath(i)}.route", service.Spec.Route);
            if (route?.RateLimit is not null)
                yield return new($"{path}.rateLimit", Says.GatewayApiCannot);
            if (route?.Retries is > 0)
                yield return new($"{path}.retries", Says.GatewayApiCannot);
            if (route?.Auth is RouteAuth.Optional or RouteAuth.Required)
                yield return new($"{path}.auth", Says.GatewayApiCannot);
            else if (service.Route is { Auth: RouteAuth.Required })
                yield return new($"{path}.auth", Says.GatewayApiHasNoAuth);
        }
    }

    private static (string Field, object? Value)[] Bundleds(GatewaySpec gateway) =>
    [
        ("port", gateway.Port), ("replicas", gateway.Replicas), ("autoscaling", gateway.Autoscaling), ("tls", gateway.Tls), ("serviceType", gateway.ServiceType),
        ("serviceAnnotations", gateway.ServiceAnnotations), ("image", gateway.Image), ("resources", gateway.Resources), ("liveRoutes", gateway.LiveRoutes), ("cors", gateway.Cors),
        ("trustedProxies", gateway.TrustedProxies),
    ];
}
