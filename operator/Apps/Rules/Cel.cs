namespace Fleet.Apps;

/// <summary>
/// The CEL expressions that are too long to stand beside their field. A server refuses a CRD whose estimated cost is above 10 million for one expression:
/// these stay below a fifth of it, and what would not is left to <see cref="AppRules"/>.
/// </summary>
internal static class Cel
{
    /// <summary>On a label map: a structural schema has no pattern for keys.</summary>
    internal const string NoReservedLabels =
        "self.all(k, !k.matches('^([^/]*[.])?(fleet[.]microservices[.]dev|kubernetes[.]io)/') && k != 'pod-template-hash')";

    /// <summary>On an annotation map.</summary>
    internal const string NoReservedAnnotations =
        "self.all(k, !k.matches('^([^/]*[.])?fleet[.]microservices[.]dev/|^(app|deployment|kubectl)[.]kubernetes[.]io/'))";

    /// <summary>On a label or annotation map.</summary>
    internal const string KeysAreWellFormed = $"self.all(k, k.matches('{Patterns.MetadataKeyInCel}'))";

    /// <summary>On a strategy: both of its numbers may be percentages.</summary>
    internal const string StrategyMoves =
        $"!has(self.maxSurge) || !({SurgeIsZero}) || (has(self.maxUnavailable) && !({UnavailableIsZero}))";

    /// <summary>On a service or gateway. Kubernetes takes the limit for a request that is not set.</summary>
    internal const string ScalingHasRequests =
        "!has(self.autoscaling) || ((!has(self.autoscaling.cpuUtilization) || (has(self.resources) && ((has(self.resources.requests) && 'cpu' in self.resources.requests) || " +
        "(has(self.resources.limits) && 'cpu' in self.resources.limits)))) && (!has(self.autoscaling.memoryUtilization) || (has(self.resources) && " +
        "((has(self.resources.requests) && 'memory' in self.resources.requests) || (has(self.resources.limits) && 'memory' in self.resources.limits)))))";

    /// <summary>On a gateway.</summary>
    internal const string BundledFieldsAreBundled =
        "!has(self.mode) || self.mode != 'GatewayAPI' || !(has(self.port) || has(self.replicas) || has(self.autoscaling) || has(self.tls) || has(self.serviceType) || " +
        "has(self.serviceAnnotations) || has(self.image) || has(self.resources) || has(self.liveRoutes) || has(self.cors) || has(self.trustedProxies))";

    /// <summary>On the spec. What a route asks for by default is left to <see cref="AppRules"/>.</summary>
    internal const string RoutesFitGatewayApi =
        "!has(self.gateway) || !has(self.gateway.mode) || self.gateway.mode != 'GatewayAPI' || self.services.all(s, !has(s.route) || !(has(s.route.rateLimit) || " +
        "(has(s.route.retries) && s.route.retries > 0) || (has(s.route.auth) && s.route.auth != 'None')))";

    /// <summary>On a disruption.</summary>
    internal const string DisruptionCanHappen =
        $"!has(self.maxUnavailable) || !({UnavailableIsZero})";

    /// <summary>On a bundled service: what its image keeps for itself.</summary>
    internal const string PortsAreFree =
        "has(self.image) || !(self.name in ['auth', 'users', 'orders']) || ((has(self.targetPort) ? self.targetPort : self.port) != 8081 && " +
        "(!has(self.extraPorts) || self.extraPorts.all(p, p.port != 8081 && p.name != 'management')))";

    /// <summary>On a bundled service: what its image keeps for itself.</summary>
    internal const string VolumeNamesAreFree =
        "has(self.image) || !(self.name in ['auth', 'users', 'orders']) || !has(self.volumes) || self.volumes.all(v, !(v.name in ['tmp', 'data']) || v.mountPath in ['/' + v.name, '/' + v.name + '/'])";

    /// <summary>On the spec, because replicas have a default there.</summary>
    internal const string ReplicasHaveDatabase =
        "self.services.all(s, has(s.image) || !(s.name in ['auth', 'users', 'orders']) || (has(s.state) && s.state == 'Inactive') || (has(s.envFrom) && s.envFrom.size() > 0) || has(s.podTemplate) || " +
        "(has(s.env) && s.env.exists(e, e.name == 'ConnectionStrings__Default')) || " +
        "(has(s.autoscaling) ? s.autoscaling.maxReplicas : has(s.replicas) ? s.replicas : has(self.defaults) && has(self.defaults.replicas) ? self.defaults.replicas : 1) <= 1)";

    /// <summary>
    /// On the spec: paths of the routes that share the gateway's host names. Comparing host names as well would cost too much. Two defaults never meet, so
    /// only paths that were written down are compared; each pair costs the server tens of microseconds, so what tells most apart stands first.
    /// </summary>
    internal const string PathsAreUnique =
        "!has(self.gateway) || self.services.all(a, !has(a.route) || !has(a.route.pathPrefix) || " + $"!({ARoutedByPath}) || " +
        "!self.services.exists(b, (has(b.route) && has(b.route.pathPrefix) ? b.route.pathPrefix : '/' + b.name) == a.route.pathPrefix && " +
        $"b.name != a.name && {BRoutedByPath}))";

    /// <summary>On the spec. Which registry holds the bundled images is the operator's setting, so any image with the name counts here.</summary>
    internal const string AuthHasIssuer =
        "self.services.all(s, !has(s.route) || !has(s.route.auth) || s.route.auth == 'None') || " +
        "(has(self.gateway) && has(self.gateway.auth) && has(self.gateway.auth.issuer)) || " +
        "self.services.exists(s, has(s.image) ? s.image.contains('/fleet-auth') : s.name == 'auth')";

    private const string SurgeIsZero = "type(self.maxSurge) == int ? self.maxSurge == 0 : self.maxSurge.matches('^0+%$')";
    private const string UnavailableIsZero = "type(self.maxUnavailable) == int ? self.maxUnavailable == 0 : self.maxUnavailable.matches('^0+%$')";

    // CEL has no functions of one's own (and variables only from 1.30 on), so what is asked of both services is written twice.
    private const string ARoutedByPath = "a.protocol != 'gRPC' && (!has(a.state) || a.state == 'Active') && " +
        "(!has(a.route) || (!has(a.route.hostnames) && (!has(a.route.enabled) || a.route.enabled)))";

    private const string BRoutedByPath = "b.protocol != 'gRPC' && (!has(b.state) || b.state == 'Active') && " +
        "(!has(b.route) || (!has(b.route.hostnames) && (!has(b.route.enabled) || b.route.enabled)))";
}
