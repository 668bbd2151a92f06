using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>core/v1 Service, in part.</summary>
internal sealed record LocalService : IKubeObject
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public ServiceSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>core/v1 ServiceSpec, in part.</summary>
internal sealed record ServiceSpec
{
    public string? Type { get; init; }

    /// <summary>None for a headless Service.</summary>
    public string? ClusterIP { get; init; }

    public string? ExternalName { get; init; }

    public bool PublishNotReadyAddresses { get; init; }

    public IReadOnlyDictionary<string, string>? Selector { get; init; }

    public IReadOnlyList<ServicePort> Ports { get; init => field = value ?? []; } = [];
}

/// <summary>core/v1 ServicePort, in part.</summary>
internal sealed record ServicePort
{
    public string? Name { get; init; }

    public int Port { get; init; }

    public string? Protocol { get; init; }

    /// <summary>A container port's number or name; the port itself when it is not set.</summary>
    public IntOrString? TargetPort { get; init; }
}
