#pragma warning disable CS1591, SA1600 // the [Description] is the documentation: kubectl explain shows it to the users too
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Fleet.Apps;

[Description("Which pods may reach the app's pods. What the pods themselves call is not limited.")]
public sealed record NetworkPolicySpec
{
    [Description("FromGraph: a NetworkPolicy for each service admits those that depend on it, the gateway when it is routed, and everybody of the app to the issuer of " +
        "tokens; the gateway admits all. None: no NetworkPolicy. Default: None.")]
    public NetworkPolicyMode? Mode { get; init; }

    [Description("Who may reach the management port 8081 and the extraPorts: the namespace of a Prometheus, for instance. Default: nobody.")]
    [MaxLength(16)]
    public IReadOnlyList<NetworkPeer>? AllowFrom { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<NetworkPolicyMode>))]
public enum NetworkPolicyMode
{
    None,
    FromGraph,
}

[Description("Pods, the pods of namespaces, or a network.")]
[ValidationRule("has(self.ipBlock) ? !(has(self.podSelector) || has(self.namespaceSelector)) : has(self.podSelector) || has(self.namespaceSelector)", Says.PeerKind)]
public sealed record NetworkPeer
{
    [Description("Namespaces by their labels; all of them when matchLabels is empty. Default: the app's own.")]
    public LabelChoice? NamespaceSelector { get; init; }

    [Description("Pods by their labels. Default: all of the namespaces.")]
    public LabelChoice? PodSelector { get; init; }

    [Description("A network instead.")]
    public AddressBlock? IpBlock { get; init; }
}

[Description("Objects that carry all of these labels.")]
public sealed record LabelChoice
{
    [Description("The labels. None: every object.")]
    [MaxLength(16)]
    [Items(63, Pattern = Patterns.LabelValue)]
    [ValidationRule(Cel.KeysAreWellFormed, Says.KeyMalformed)]
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }
}

[Description("A network, with exceptions.")]
public sealed record AddressBlock
{
    [Description("The network, such as 10.0.0.0/8.")]
    [Length(1, 49)]
    [RegularExpression(Patterns.Network)]
    public required string Cidr { get; init; }

    [Description("Networks within it that are not meant.")]
    [MaxLength(16)]
    [Items(49, Pattern = Patterns.Network)]
    [UniqueItems]
    public IReadOnlyList<string>? Except { get; init; }
}

[Description("What is scraped by Prometheus.")]
public sealed record MonitoringSpec
{
    [Description("Whether each bundled service, the gateway, and each service with an extra port called metrics gets a ServiceMonitor of the Prometheus operator. Default: false.")]
    public bool? ServiceMonitor { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<GatewayMode>))]
public enum GatewayMode
{
    Bundled,

    [JsonStringEnumMemberName("GatewayAPI")]
    GatewayApi,
}

[Description("A Gateway of the Gateway API (gateway.networking.k8s.io/v1).")]
public sealed record ParentReference
{
    [Description("The Gateway's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string Name { get; init; }

    [Description("Its namespace. Default: the app's.")]
    [Length(1, 63)]
    [RegularExpression(Patterns.Namespace)]
    public string? Namespace { get; init; }

    [Description("The one listener that takes the routes. Default: all that admit them.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public string? SectionName { get; init; }
}

[Description("TLS at the gateway, with the certificate of a Secret. Renewed, it is taken over without a lost connection.")]
public sealed record GatewayTls
{
    [Description("The Secret of type kubernetes.io/tls in the app's namespace.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string SecretName { get; init; }

    [Description("Whether gateway.port sends everybody on to https instead of answering. Default: true.")]
    public bool? Redirect { get; init; }
}
