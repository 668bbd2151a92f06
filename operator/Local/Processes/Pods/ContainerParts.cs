using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>core/v1 ContainerPort, in part.</summary>
internal sealed record ContainerPort
{
    public string? Name { get; init; }

    [JsonPropertyName("containerPort")]
    public int Number { get; init; }
}

/// <summary>core/v1 ResourceRequirements.</summary>
internal sealed record ResourceRequirements
{
    public IReadOnlyDictionary<string, IntOrString>? Limits { get; init; }

    public IReadOnlyDictionary<string, IntOrString>? Requests { get; init; }
}

/// <summary>core/v1 EnvVar.</summary>
internal sealed record EnvVar
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? Value { get; init; }

    public EnvVarSource? ValueFrom { get; init; }
}

/// <summary>core/v1 EnvVarSource.</summary>
internal sealed record EnvVarSource
{
    public KeySelector? ConfigMapKeyRef { get; init; }

    public KeySelector? SecretKeyRef { get; init; }

    public FieldSelector? FieldRef { get; init; }

    public ResourceSelector? ResourceFieldRef { get; init; }
}

/// <summary>core/v1 EnvFromSource.</summary>
internal sealed record EnvFromSource
{
    public string? Prefix { get; init; }

    public SourceRef? ConfigMapRef { get; init; }

    public SourceRef? SecretRef { get; init; }
}

/// <summary>A ConfigMap or Secret by name.</summary>
internal sealed record SourceRef
{
    public string Name { get; init => field = value ?? ""; } = "";

    public bool Optional { get; init; }
}

/// <summary>A key of a ConfigMap or Secret.</summary>
internal sealed record KeySelector
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Key { get; init => field = value ?? ""; } = "";

    public bool Optional { get; init; }
}

/// <summary>core/v1 ObjectFieldSelector.</summary>
internal sealed record FieldSelector
{
    public string FieldPath { get; init => field = value ?? ""; } = "";
}

/// <summary>core/v1 ResourceFieldSelector.</summary>
internal sealed record ResourceSelector
{
    public string? ContainerName { get; init; }

    public string Resource { get; init => field = value ?? ""; } = "";

    public IntOrString? Divisor { get; init; }
}

/// <summary>core/v1 Lifecycle.</summary>
internal sealed record Lifecycle
{
    public LifecycleHandler? PostStart { get; init; }

    public LifecycleHandler? PreStop { get; init; }
}

/// <summary>core/v1 LifecycleHandler.</summary>
internal sealed record LifecycleHandler
{
    public ExecAction? Exec { get; init; }

    public HttpGetAction? HttpGet { get; init; }

    public SleepAction? Sleep { get; init; }
}

/// <summary>core/v1 SleepAction.</summary>
internal sealed record SleepAction
{
    public long Seconds { get; init; }
}

/// <summary>core/v1 ExecAction.</summary>
internal sealed record ExecAction
{
    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];
}

/// <summary>core/v1 HTTPGetAction.</summary>
internal sealed record HttpGetAction
{
    public string? Path { get; init; }

    public IntOrString Port { get; init; }

    public string? Host { get; init; }

    public string? Scheme { get; init; }

    public IReadOnlyList<HttpHeader> HttpHeaders { get; init => field = value ?? []; } = [];
}

/// <summary>core/v1 HTTPHeader.</summary>
internal sealed record HttpHeader
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Value { get; init => field = value ?? ""; } = "";
}

/// <summary>core/v1 TCPSocketAction.</summary>
internal sealed record TcpAction
{
    public IntOrString Port { get; init; }

    public string? Host { get; init; }
}

/// <summary>core/v1 GRPCAction.</summary>
internal sealed record GrpcAction
{
    public int Port { get; init; }

    public string? Service { get; init; }
}

/// <summary>core/v1 Probe; what is not set has the server's default.</summary>
internal sealed record Probe
{
    public HttpGetAction? HttpGet { get; init; }

    public TcpAction? TcpSocket { get; init; }

    public GrpcAction? Grpc { get; init; }

    public ExecAction? Exec { get; init; }

    public int InitialDelaySeconds { get; init; }

    public int? PeriodSeconds { get; init; }

    public int? TimeoutSeconds { get; init; }

    public int? SuccessThreshold { get; init; }

    public int? FailureThreshold { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }
}
