namespace Fleet.Kubernetes;

/// <summary>core/v1 ServiceStatus, in part.</summary>
public sealed record ServiceStatus
{
    /// <summary>Set for type LoadBalancer.</summary>
    public LoadBalancerStatus? LoadBalancer { get; init; }
}

/// <summary>core/v1 LoadBalancerStatus.</summary>
public sealed record LoadBalancerStatus
{
    /// <summary>The addresses the balancer is reached at.</summary>
    public IReadOnlyList<LoadBalancerIngress>? Ingress { get; init; }
}

/// <summary>core/v1 LoadBalancerIngress, in part.</summary>
public sealed record LoadBalancerIngress
{
    /// <summary>An address.</summary>
    public string? Ip { get; init; }

    /// <summary>A name, where the balancer has one.</summary>
    public string? Hostname { get; init; }
}

/// <summary>The data of a ConfigMap or Secret; values of a Secret and of <c>binaryData</c> are base64.</summary>
public sealed record ConfigData : IKubeObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Text values of a ConfigMap, base64 values of a Secret.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>Base64 values of a ConfigMap.</summary>
    public IReadOnlyDictionary<string, string>? BinaryData { get; init; }
}
