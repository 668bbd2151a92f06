#pragma warning disable CS1591, SA1600 // the [Description] is the documentation: kubectl explain shows it to the users too
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Apps;

[Description("One row of the table: a service with its port and protocol.")]
[ValidationRule("self.name != 'gateway'", Says.GatewayReserved)]
[ValidationRule("has(self.image) || self.name in ['auth', 'users', 'orders']", Says.ImageRequired)]
[ValidationRule("self.protocol == 'gRPC' || !has(self.grpc)", Says.GrpcOnly)]
[ValidationRule("self.protocol != 'gRPC' || !has(self.targetPort) || self.targetPort == self.port",
    Says.GrpcTargetPort)]
[ValidationRule("self.protocol != 'gRPC' || !has(self.route) || !(has(self.route.pathPrefix) || has(self.route.stripPrefix))", Says.GrpcRoute)]
[ValidationRule("self.protocol != 'gRPC' || !has(self.probes) || !has(self.probes.path) || (has(self.probes.mode) && self.probes.mode == 'HTTP')", Says.GrpcProbePath)]
[ValidationRule("!has(self.dependsOn) || !(self.name in self.dependsOn)", Says.DependsOnItself)]
[ValidationRule("!has(self.extraPorts) || self.extraPorts.all(p, p.port != self.port && (!has(self.targetPort) || p.port != self.targetPort))",
    Says.ExtraPortIsMain)]
[ValidationRule("!(has(self.replicas) && has(self.autoscaling))", Says.ReplicasOrAutoscaling)]
[ValidationRule("has(self.podTemplate) || " + Cel.ScalingHasRequests, Says.ScalingNeedsRequests)]
[ValidationRule(Cel.PortsAreFree, Says.PortIsManagement)]
[ValidationRule(Cel.VolumeNamesAreFree, Says.VolumeNameTaken)]
public sealed record ServiceSpec
{
    [Description("The service's name; its objects are called <app>-<name>. The name gateway is reserved.")]
    [Length(1, 40)]
    [RegularExpression(Patterns.DnsLabel)]
    public required string Name { get; init; }

    [Description("What the service speaks; it decides appProtocol, probes, balancing and the route.")]
    public required ServiceProtocol Protocol { get; init; }

    [Description("The port of the Service.")]
    [Range(1, 65535)]
    public required int Port { get; init; }

    [Description("The port the container listens on. Default: port.")]
    [Range(1, 65535)]
    public int? TargetPort { get; init; }

    [Description("The container image. Default for auth, users and orders: the bundled one; required otherwise.")]
    [Length(1, 500)]
    [RegularExpression(Patterns.Image)]
    public string? Image { get; init; }

    [Description("When the image is pulled. Default: Kubernetes' own (Always for the tag latest, else IfNotPresent).")]
    public ImagePullPolicy? ImagePullPolicy { get; init; }

    [Description("Inactive scales the service to zero and takes its route away; its objects are kept. Default: Active.")]
    public ServiceActivity? State { get; init; }

    [Description("Pods. Default: defaults.replicas, else 1. Not with autoscaling; after it is taken out, the pods stay as many as they were until replicas says otherwise.")]
    [Range(0, 1000)]
    public int? Replicas { get; init; }

    [Description("Lets the number of pods follow their load.")]
    public AutoscalingSpec? Autoscaling { get; init; }

    [Description("What may be taken away at once when nodes are drained. Default: no PodDisruptionBudget.")]
    public DisruptionSpec? Disruption { get; init; }

    [Description("How pods are replaced when the template changes. A service with a persistentVolumeClaim volume is always recreated.")]
    public RolloutStrategy? Strategy { get; init; }

    [Description("The container's command. Default: the image's.")]
    [MaxLength(64)]
    [Items(4096)]
    public IReadOnlyList<string>? Command { get; init; }

    [Description("The container's arguments. Default: the image's.")]
    [MaxLength(128)]
    [Items(4096)]
    public IReadOnlyList<string>? Args { get; init; }

    [Description("Environment variables. They win over the ones that the operator sets.")]
    [MaxLength(128)]
    [ListMapKeys("name")]
    public IReadOnlyList<EnvVar>? Env { get; init; }

    [Description("ConfigMaps and Secrets of which every key becomes an environment variable.")]
    [MaxLength(32)]
    public IReadOnlyList<EnvFromSource>? EnvFrom { get; init; }

    [Description("CPU and memory of each pod.")]
    public ComputeResources? Resources { get; init; }

    [Description("Volumes, each with the path where it is mounted.")]
    [MaxLength(32)]
    [ListMapKeys("name")]
    public IReadOnlyList<ServiceVolume>? Volumes { get; init; }

    [Description("How it is told whether a pod is ready. Default: derived from the protocol.")]
    public ProbeSpec? Probes { get; init; }

    [Description("Services this one calls. It is first started when they are Active, and gets their addresses as SERVICES__<NAME>__URL. " +
        "Default for the bundled orders: users, when the app has it.")]
    [MaxLength(16)]
    [Items(40, Pattern = Patterns.DnsLabel)]
    [UniqueItems]
    public IReadOnlyList<string>? DependsOn { get; init; }

    [Description("The route from the gateway. Default: at /<name> when the app has a gateway.")]
    public RouteSpec? Route { get; init; }

    [Description("What only gRPC services have.")]
    public GrpcSpec? Grpc { get; init; }

    [Description("Further ports of the container and the Service, for metrics for instance. They are never routed.")]
    [MaxLength(8)]
    [ListMapKeys("name")]
    [ValidationRule("self.all(p, self.exists_one(o, o.port == p.port))", Says.ExtraPortTwice)]
    public IReadOnlyList<ExtraPort>? ExtraPorts { get; init; }

    [Description("A strategic merge patch over the pod template: any field of a pod, with the last word on all but the selector labels. " +
        "The main container has the service's name.")]
    [PreserveUnknownFields]
    public JsonObject? PodTemplate { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ServiceProtocol>))]
public enum ServiceProtocol
{
    [JsonStringEnumMemberName("HTTP/REST")]
    HttpRest,

    [JsonStringEnumMemberName("gRPC")]
    Grpc,

    [JsonStringEnumMemberName("HTTP")]
    Http,
}

[JsonConverter(typeof(JsonStringEnumConverter<ImagePullPolicy>))]
public enum ImagePullPolicy
{
    Always,
    IfNotPresent,
    Never,
}

[JsonConverter(typeof(JsonStringEnumConverter<ServiceActivity>))]
public enum ServiceActivity
{
    Active,
    Inactive,
}

[Description("The bounds of a rolling update: numbers or percentages.")]
[ValidationRule(Cel.StrategyMoves, Says.StrategyStandsStill)]
public sealed record RolloutStrategy
{
    [Description("How many pods may exist above the wanted number. Default: 1.")]
    [MaxLength(5)]
    [Range(0, 1000)]
    [RegularExpression(Patterns.Percent)]
    public IntOrString? MaxSurge { get; init; }

    [Description("How many pods may be missing. Default: 0.")]
    [MaxLength(5)]
    [Range(0, 1000)]
    [RegularExpression(Patterns.PercentOfAll)]
    public IntOrString? MaxUnavailable { get; init; }
}

[Description("How it is told whether a pod is ready.")]
[ValidationRule("!has(self.path) || !has(self.mode) || self.mode in ['Auto', 'HTTP']", Says.ProbePathUnused)]
[ValidationRule("!has(self.mode) || self.mode != 'HTTP' || has(self.path)", Says.ProbePathMissing)]
public sealed record ProbeSpec
{
    [Description("Auto: a gRPC service answers grpc.health.v1, others path when it is set, else they accept a connection. HTTP, GRPC, TCP or None choose. Default: Auto.")]
    public ProbeMode? Mode { get; init; }

    [Description("The path that answers 200 to 399 when the pod is ready.")]
    [Length(1, 1024)]
    [RegularExpression(Patterns.UrlPath)]
    public string? Path { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ProbeMode>))]
public enum ProbeMode
{
    Auto,

    [JsonStringEnumMemberName("HTTP")]
    Http,

    [JsonStringEnumMemberName("GRPC")]
    Grpc,

    [JsonStringEnumMemberName("TCP")]
    Tcp,
    None,
}

[Description("The route from the gateway to a service.")]
public sealed record RouteSpec
{
    [Description("Whether the gateway routes to the service. Default: true.")]
    public bool? Enabled { get; init; }

    [Description("The path under which the service is reached; it matches whole segments. A gRPC service is reached by its service names instead. Default: /<name>.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.PathPrefix)]
    public string? PathPrefix { get; init; }

    [Description("Whether the prefix is taken off before the request goes on. Default: false.")]
    public bool? StripPrefix { get; init; }

    [Description("The host names the route answers to. Default: the gateway's.")]
    [MaxLength(16)]
    [Items(253, Pattern = Patterns.Hostname)]
    [UniqueItems]
    public IReadOnlyList<string>? Hostnames { get; init; }

    [Description("Whether the gateway asks for a bearer token: Required refuses a request without a valid one, Optional lets one without any pass, None lets all pass. " +
        "Default: Required when the app has an issuer of tokens, else None; None for the issuer itself.")]
    public RouteAuth? Auth { get; init; }

    [Description("Seconds until the service's answer must have begun; then the gateway answers 504. Default: 30. With gateway mode GatewayAPI it is the whole request's, and without a default.")]
    [Range(1, 3600)]
    public int? TimeoutSeconds { get; init; }

    [Description("How often the gateway tries again when nothing of an answer came; only requests that may be repeated without harm. Default: 1. With gateway mode GatewayAPI there are none.")]
    [Range(0, 5)]
    public int? Retries { get; init; }

    [Description("How many requests each subject of a token, else each peer address, may send through one gateway pod. Default: no limit.")]
    public RateLimit? RateLimit { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<RouteAuth>))]
public enum RouteAuth
{
    None,
    Optional,
    Required,
}

[Description("A token bucket: burst requests at once, refilled at requestsPerSecond. What is over it is answered 429 with Retry-After.")]
public sealed record RateLimit
{
    [Description("Requests per second in the long run.")]
    [Range(1, 100000)]
    public required int RequestsPerSecond { get; init; }

    [Description("Requests at once. Default: requestsPerSecond.")]
    [Range(1, 100000)]
    public int? Burst { get; init; }
}

[Description("What only gRPC services have.")]
public sealed record GrpcSpec
{
    [Description("The full names of the gRPC services that are routed, orders.v1.Orders for instance. None: no route. Default for the bundled orders: orders.v1.Orders.")]
    [MaxLength(32)]
    [Items(253, Pattern = Patterns.GrpcService)]
    [UniqueItems]
    public IReadOnlyList<string>? Services { get; init; }

    [Description("PerRequest: a headless Service, each request goes to a pod of its own choice. PerConnection: a ClusterIP. Default: PerRequest.")]
    public GrpcLoadBalancing? LoadBalancing { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<GrpcLoadBalancing>))]
public enum GrpcLoadBalancing
{
    PerRequest,
    PerConnection,
}

[Description("A further port.")]
[ValidationRule("self.name != 'main'", Says.ExtraPortNameReserved)]
public sealed record ExtraPort
{
    [Description("The port's name.")]
    [Length(1, 15)]
    [RegularExpression(Patterns.PortName)]
    public required string Name { get; init; }

    [Description("The port, on the container and on the Service.")]
    [Range(1, 65535)]
    public required int Port { get; init; }

    [Description("What is spoken there. Default: HTTP.")]
    public ServiceProtocol? Protocol { get; init; }
}
