namespace Fleet.Kubernetes;

/// <summary>The part of a Pod that tells how it is.</summary>
public sealed record Pod : IKubeObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What was observed.</summary>
    public PodStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>core/v1 PodStatus, in part.</summary>
public sealed record PodStatus
{
    /// <summary>Pending, Running, Succeeded, Failed or Unknown.</summary>
    public string? Phase { get; init; }

    /// <summary>A word for why the pod is in this phase, <c>Evicted</c> for instance.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>PodScheduled, Initialized, ContainersReady, Ready.</summary>
    public IReadOnlyList<StatusCondition>? Conditions { get; init; }

    /// <summary>One entry per container.</summary>
    public IReadOnlyList<ContainerStatus>? ContainerStatuses { get; init; }

    /// <summary>One entry per init container.</summary>
    public IReadOnlyList<ContainerStatus>? InitContainerStatuses { get; init; }
}

/// <summary>core/v1 ContainerStatus, in part.</summary>
public sealed record ContainerStatus
{
    /// <summary>The container's name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether its readiness probe passes.</summary>
    public bool Ready { get; init; }

    /// <summary>Whether its startup probe has passed; null before it runs.</summary>
    public bool? Started { get; init; }

    /// <summary>How often it was restarted.</summary>
    public int RestartCount { get; init; }

    /// <summary>The image as it was asked for.</summary>
    public string? Image { get; init; }

    /// <summary>What it does now.</summary>
    public ContainerState? State { get; init; }

    /// <summary>How its last run ended.</summary>
    public ContainerState? LastState { get; init; }
}

/// <summary>core/v1 ContainerState: one of the three is set.</summary>
public sealed record ContainerState
{
    /// <summary>Not yet running, or waiting to run again.</summary>
    public ContainerStateWaiting? Waiting { get; init; }

    /// <summary>Running.</summary>
    public ContainerStateRunning? Running { get; init; }

    /// <summary>Ended.</summary>
    public ContainerStateTerminated? Terminated { get; init; }
}

/// <summary>Why a container waits.</summary>
public sealed record ContainerStateWaiting
{
    /// <summary><c>ImagePullBackOff</c>, <c>CrashLoopBackOff</c>, <c>CreateContainerConfigError</c>...</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }
}

/// <summary>Since when a container runs.</summary>
public sealed record ContainerStateRunning
{
    /// <summary>When it was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>How a container ended.</summary>
public sealed record ContainerStateTerminated
{
    /// <summary>The process's exit code.</summary>
    public int ExitCode { get; init; }

    /// <summary><c>Error</c>, <c>OOMKilled</c>, <c>Completed</c>...</summary>
    public string? Reason { get; init; }

    /// <summary>What the container left in its termination log.</summary>
    public string? Message { get; init; }
}

/// <summary>A condition of a built-in kind: type, status, reason, message.</summary>
public sealed record StatusCondition
{
    /// <summary>What the condition is about.</summary>
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required string Status { get; init; }

    /// <summary>One CamelCase word.</summary>
    public string? Reason { get; init; }

    /// <summary>The same for people.</summary>
    public string? Message { get; init; }

    /// <summary>When the status last moved.</summary>
    public DateTimeOffset? LastTransitionTime { get; init; }
}
