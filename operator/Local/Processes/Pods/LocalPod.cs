using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>A pod as far as it can be run as processes.</summary>
internal sealed record LocalPod : IKubeObject
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public PodSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>As it is at the server; what of it is another's is kept.</summary>
    public JsonElement? Status { get; init; }

    public string Uid => Metadata.Uid ?? "";

    /// <summary><c>namespace/name</c>.</summary>
    public override string ToString() => $"{Metadata.Namespace}/{Metadata.Name}";

    /// <summary>The pod as events and folders name it.</summary>
    public ObjectReference Reference => new()
    {
        ApiVersion = "v1", Kind = "Pod", Namespace = Metadata.Namespace, Name = Metadata.Name, Uid = Metadata.Uid, ResourceVersion = Metadata.ResourceVersion,
    };
}

/// <summary>core/v1 PodSpec, in part.</summary>
internal sealed record PodSpec
{
    public string? NodeName { get; init; }

    public string RestartPolicy { get; init => field = value ?? "Always"; } = "Always";

    public long? TerminationGracePeriodSeconds { get; init; }

    public long? ActiveDeadlineSeconds { get; init; }

    public string? ServiceAccountName { get; init; }

    public string? Hostname { get; init; }

    public IReadOnlyList<Container> InitContainers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<Container> Containers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<Volume> Volumes { get; init => field = value ?? []; } = [];

    public IReadOnlyList<Gate>? SchedulingGates { get; init; }

    public IReadOnlyList<ReadinessGate>? ReadinessGates { get; init; }
}

/// <summary>core/v1 PodSchedulingGate.</summary>
internal sealed record Gate(string? Name);

/// <summary>core/v1 PodReadinessGate.</summary>
internal sealed record ReadinessGate(string? ConditionType);

/// <summary>core/v1 Container, in part.</summary>
internal sealed record Container
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Image { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];

    public IReadOnlyList<string> Args { get; init => field = value ?? []; } = [];

    public string? WorkingDir { get; init; }

    public IReadOnlyList<ContainerPort> Ports { get; init => field = value ?? []; } = [];

    public IReadOnlyList<EnvFromSource> EnvFrom { get; init => field = value ?? []; } = [];

    public IReadOnlyList<EnvVar> Env { get; init => field = value ?? []; } = [];

    public ResourceRequirements? Resources { get; init; }

    public IReadOnlyList<VolumeMount> VolumeMounts { get; init => field = value ?? []; } = [];

    public Probe? StartupProbe { get; init; }

    public Probe? LivenessProbe { get; init; }

    public Probe? ReadinessProbe { get; init; }

    public Lifecycle? Lifecycle { get; init; }

    /// <summary>Always for an init container that goes on running beside the others.</summary>
    public string? RestartPolicy { get; init; }

    public string? TerminationMessagePath { get; init; }

    public string? TerminationMessagePolicy { get; init; }

    /// <summary>The most resident memory, in bytes; null when it is not limited.</summary>
    public long? MemoryLimit =>
        Quantity.TryParse(Resources?.Limits?.GetValueOrDefault("memory").ToString(), out var limit) && limit.Value > 0 ? (long)limit.Value : null;

    /// <summary>The number of a port that is given by number or by a container port's name; null when there is no such name.</summary>
    public int? PortOf(IntOrString? port) => port is not { } given ? null
        : given.Number ?? Ports.FirstOrDefault(p => p.Name == given.Text)?.Number ?? (int.TryParse(given.Text, out var number) ? number : null);
}
