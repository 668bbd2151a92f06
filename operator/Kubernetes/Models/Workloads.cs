namespace Fleet.Kubernetes;

/// <summary>The part of a ReplicaSet that tells why it could not make pods.</summary>
public sealed record ReplicaSet : IKubeObject
{
    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What is wanted.</summary>
    public ReplicaSetSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>What was observed.</summary>
    public ReplicaSetStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>apps/v1 ReplicaSetSpec, in part.</summary>
public sealed record ReplicaSetSpec
{
    /// <summary>How many pods are wanted.</summary>
    public int? Replicas { get; init; }
}

/// <summary>apps/v1 ReplicaSetStatus, in part.</summary>
public sealed record ReplicaSetStatus
{
    /// <summary>How many pods exist.</summary>
    public int Replicas { get; init; }

    /// <summary><c>ReplicaFailure</c> when pods could not be made or deleted.</summary>
    public IReadOnlyList<StatusCondition>? Conditions { get; init; }
}

/// <summary>apps/v1 DeploymentStatus, in part.</summary>
public sealed record DeploymentStatus
{
    /// <summary>The generation the controller has seen: numbers of an older one say nothing about the newest spec.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Pods of any template.</summary>
    public int Replicas { get; init; }

    /// <summary>Pods of the newest template.</summary>
    public int UpdatedReplicas { get; init; }

    /// <summary>Pods that are ready.</summary>
    public int ReadyReplicas { get; init; }

    /// <summary>Pods that are ready for minReadySeconds.</summary>
    public int AvailableReplicas { get; init; }

    /// <summary>Progressing, Available, ReplicaFailure.</summary>
    public IReadOnlyList<StatusCondition>? Conditions { get; init; }
}
