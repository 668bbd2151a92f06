#pragma warning disable CS1591, SA1600 // the [Description] is the documentation: kubectl explain shows it to the users too
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Apps;

[Description("What is wanted.")]
[ValidationRule("self.services.all(s, !has(s.dependsOn) || s.dependsOn.all(d, self.services.exists(o, o.name == d)))",
    Says.DependsOnUnknown)]
[ValidationRule(Cel.ReplicasHaveDatabase, Says.BundledNeedsDatabase)]
[ValidationRule(Cel.PathsAreUnique, Says.RouteTaken)]
[ValidationRule(Cel.AuthHasIssuer, Says.AuthNeedsIssuer)]
[ValidationRule(Cel.RoutesFitGatewayApi, Says.GatewayApiCannot)]
public sealed record AppSpec
{
    [Description("Stops all writes to the app's objects. They are still observed, and the app says Suspended. Default: false.")]
    public bool? Suspend { get; init; }

    [Description("What happens to a field that somebody else changed: Repair sets it back, Report only says so in status. Default: Repair.")]
    public DriftPolicy? DriftPolicy { get; init; }

    [Description("Whether an existing object without an owner, in the place of one of the app's own, is taken over: Refuse, or IfLabelled when it carries the " +
        "app's and the service's fleet.microservices.dev labels. Default: Refuse.")]
    public AdoptionPolicy? Adoption { get; init; }

    [Description("Seconds a service may wait or roll out without progress before it is Stalled. Default: 600.")]
    [Range(10, 86400)]
    public int? ProgressDeadlineSeconds { get; init; }

    [Description("Labels added to every object of the app. Keys of fleet.microservices.dev and kubernetes.io, with all that is below them, and pod-template-hash are not taken.")]
    [MaxLength(32)]
    [Items(63, Pattern = Patterns.LabelValue)]
    [ValidationRule(Cel.NoReservedLabels, Says.LabelReserved)]
    [ValidationRule(Cel.KeysAreWellFormed, Says.KeyMalformed)]
    public IReadOnlyDictionary<string, string>? CommonLabels { get; init; }

    [Description("Annotations added to every object of the app. Keys of fleet.microservices.dev and what Kubernetes keeps for itself are not taken.")]
    [MaxLength(32)]
    [Items(4096)]
    [ValidationRule(Cel.NoReservedAnnotations, Says.AnnotationReserved)]
    [ValidationRule(Cel.KeysAreWellFormed, Says.KeyMalformed)]
    public IReadOnlyDictionary<string, string>? CommonAnnotations { get; init; }

    [Description("Values for every service that does not set its own.")]
    public ServiceDefaults? Defaults { get; init; }

    [Description("The services, told apart by their names.")]
    [Length(1, 64)]
    [ListMapKeys("name")]
    public required IReadOnlyList<ServiceSpec> Services { get; init; }

    [Description("The gateway in front of the services. Absent: no gateway and no routes.")]
    public GatewaySpec? Gateway { get; init; }

    [Description("Which pods may reach the app's pods. Default: all.")]
    public NetworkPolicySpec? NetworkPolicy { get; init; }

    [Description("What is scraped by Prometheus. Default: nothing.")]
    public MonitoringSpec? Monitoring { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<DriftPolicy>))]
public enum DriftPolicy
{
    Repair,
    Report,
}

[JsonConverter(typeof(JsonStringEnumConverter<AdoptionPolicy>))]
public enum AdoptionPolicy
{
    Refuse,
    IfLabelled,
}

[Description("Values for every service that does not set its own.")]
public sealed record ServiceDefaults
{
    [Description("Pods per service. Default: 1.")]
    [Range(0, 1000)]
    public int? Replicas { get; init; }

    [Description("Whether a change of a referenced ConfigMap or Secret rolls the pods that use it. Default: true.")]
    public bool? RestartOnConfigChange { get; init; }

    [Description("Secrets with which images are pulled.")]
    [MaxLength(8)]
    [ListMapKeys("name")]
    public IReadOnlyList<SecretName>? ImagePullSecrets { get; init; }
}

[Description("The name of a Secret in the app's namespace.")]
public sealed record SecretName
{
    [Description("The Secret's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string Name { get; init; }
}

[Description("What routes requests to the services: the bundled gateway, or a Gateway of the Gateway API.")]
[ValidationRule("(has(self.mode) && self.mode == 'GatewayAPI') == has(self.parentRef)", Says.ParentGoesWithGatewayApi)]
[ValidationRule(Cel.BundledFieldsAreBundled, Says.BundledGatewayOnly)]
[ValidationRule("!has(self.port) || self.port != 8081", Says.GatewayPortIsManagement)]
[ValidationRule("!has(self.port) || self.port != 443 || !has(self.tls)", Says.GatewayPortIsTls)]
[ValidationRule("!(has(self.replicas) && has(self.autoscaling))", Says.ReplicasOrAutoscaling)]
[ValidationRule(Cel.ScalingHasRequests, Says.ScalingNeedsRequests)]
public sealed record GatewaySpec
{
    [Description("Bundled: a gateway of the app's own. GatewayAPI: HTTPRoutes and GRPCRoutes on the Gateway of parentRef, which routes without auth, cors, retries and rate limits, " +
        "and has a port, replicas and certificates of its own. Default: Bundled.")]
    public GatewayMode? Mode { get; init; }

    [Description("The Gateway that takes the routes; with mode GatewayAPI only.")]
    public ParentReference? ParentRef { get; init; }

    [Description("The port of the gateway's Service. Default: 80.")]
    [Range(1, 65535)]
    public int? Port { get; init; }

    [Description("Gateway pods. Default: 1. Not with autoscaling.")]
    [Range(0, 100)]
    public int? Replicas { get; init; }

    [Description("Lets the number of gateway pods follow their load.")]
    public AutoscalingSpec? Autoscaling { get; init; }

    [Description("TLS: adds port 443. Default: none.")]
    public GatewayTls? Tls { get; init; }

    [Description("The host names of routes that set none of their own; the first one is the app's URL. Default: any host.")]
    [MaxLength(16)]
    [Items(253, Pattern = Patterns.Hostname)]
    [UniqueItems]
    public IReadOnlyList<string>? Hostnames { get; init; }

    [Description("The type of the gateway's Service. Default: ClusterIP.")]
    public GatewayServiceType? ServiceType { get; init; }

    [Description("Annotations of the gateway's Service, for load balancers that are configured that way.")]
    [MaxLength(32)]
    [Items(4096)]
    [ValidationRule(Cel.NoReservedAnnotations, Says.AnnotationReserved)]
    [ValidationRule(Cel.KeysAreWellFormed, Says.KeyMalformed)]
    public IReadOnlyDictionary<string, string>? ServiceAnnotations { get; init; }

    [Description("The gateway's image. Default: the bundled one.")]
    [Length(1, 500)]
    [RegularExpression(Patterns.Image)]
    public string? Image { get; init; }

    [Description("CPU and memory of each gateway pod.")]
    public ComputeResources? Resources { get; init; }

    [Description("Whether the gateway watches its routes through the API server. False: the pod gets no token and reads routes from the mounted file only, which the " +
        "kubelet renews within a minute or two. Default: true.")]
    public bool? LiveRoutes { get; init; }

    [Description("Whose tokens are accepted, by the gateway and by the bundled services. Default: those of the app's own auth service.")]
    public TokenIssuer? Auth { get; init; }

    [Description("Which pages of other origins may call the routes from a browser. Default: none.")]
    public CorsPolicy? Cors { get; init; }

    [Description("Networks of the proxies in front of the gateway, such as 10.0.0.0/8: only from them Forwarded and X-Forwarded headers are believed. Default: none.")]
    [MaxLength(16)]
    [Items(49, Pattern = Patterns.Network)]
    [UniqueItems]
    public IReadOnlyList<string>? TrustedProxies { get; init; }
}

[Description("Who issues the tokens that are accepted (RFC 7519).")]
[ValidationRule("!has(self.jwksUri) || has(self.issuer)", Says.JwksNeedsIssuer)]
public sealed record TokenIssuer
{
    [Description("The iss claim. Default: the app's own auth service.")]
    [Length(1, 500)]
    [RegularExpression(Patterns.HttpUrl)]
    public string? Issuer { get; init; }

    [Description("Where the issuer publishes its keys (RFC 7517). Default: what its /.well-known/openid-configuration says.")]
    [Length(1, 500)]
    [RegularExpression(Patterns.HttpUrl)]
    public string? JwksUri { get; init; }

    [Description("The aud claims of which a token must have one. Default: the app's name.")]
    [Length(1, 8)]
    [Items(253, Pattern = Patterns.Audience)]
    [UniqueItems]
    public IReadOnlyList<string>? Audiences { get; init; }
}

[Description("Which pages of other origins may call the routes from a browser (Fetch standard, CORS protocol).")]
public sealed record CorsPolicy
{
    [Description("Origins such as https://shop.example.com; * is any, without credentials.")]
    [Length(1, 32)]
    [Items(253, Pattern = Patterns.Origin)]
    [UniqueItems]
    public required IReadOnlyList<string> AllowedOrigins { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<GatewayServiceType>))]
public enum GatewayServiceType
{
    ClusterIP,
    NodePort,
    LoadBalancer,
}
