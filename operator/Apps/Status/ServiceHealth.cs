using System.Globalization;
using System.Collections.Immutable;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>The state of one service, and when to look again although nothing changes.</summary>
/// <param name="Phase">The state.</param>
/// <param name="Reason">Why it is not Active; null when nothing is wrong.</param>
/// <param name="Message">The same with what to do, or a remark on an Active service.</param>
/// <param name="Counts">Its pods.</param>
/// <param name="AskAgain">After what time the state may change by itself.</param>
internal sealed record ServiceHealth(ServicePhase Phase, string? Reason, string? Message, ReplicaCounts Counts, TimeSpan? AskAgain = null)
{
    /// <summary>What is asked of one service.</summary>
    internal sealed record Question
    {
        internal required MicroserviceApp App { get; init; }
        internal required string Name { get; init; }
        internal required bool Active { get; init; }

        /// <summary>Pods wanted once the start gate is open; the least where an autoscaler sets the number.</summary>
        internal required int Replicas { get; init; }
        internal ImmutableArray<string> WaitsFor { get; init; } = [];
        internal ImmutableArray<ConfigReference> References { get; init; } = [];

        /// <summary>Why one of its objects could not be written, or null.</summary>
        internal Refusal? Refusal { get; init; }
        internal string? Remark { get; init; }
        internal ServiceState? Before { get; init; }
        internal required TimeSpan Deadline { get; init; }
    }

    internal static ServiceHealth Of(Question q, Observed world, DateTimeOffset now)
    {
        var deployment = world.Own(q.App, Resources.Deployments, Names.Child(q.App.Metadata.Name, q.Name));
        var rollout = deployment is null ? null : Rollout.Of(deployment);
        var autoscaled = deployment is not null && Scaling.IsAutoscaled(deployment);
        var counts = (rollout?.Counts ?? new()) with { Desired = autoscaled ? rollout!.Desired : q.Replicas };
        if (!q.Active)
            return new(ServicePhase.Inactive, null, null, counts);
        if (q.Refusal is { Reason: Reasons.WaitingForDeletion })
            return Waiting(q, q.Refusal, counts, now);
        if (rollout is null)
            return Waiting(q, q.Refusal ?? new(Reasons.RollingOut, "its objects are being created"), counts, now);
        if (!q.WaitsFor.IsEmpty)
            return Waiting(q, new(Reasons.WaitingForDependency, $"waits for {string.Join(", ", q.WaitsFor)} to become Active"), counts, now);

        var missing = Missing(q, world);
        if (autoscaled ? rollout.Serves(q.Replicas) : rollout.IsComplete && rollout.Desired >= q.Replicas)
            return missing is null ? new(ServicePhase.Active, null, q.Remark, counts) : new(ServicePhase.Degraded, missing.Reason, missing.Message, counts);
        if (!rollout.IsObserved)
            return new(ServicePhase.Progressing, Reasons.RollingOut, "its new spec is being rolled out", counts);

        var newest = Newest(world, deployment!);
        var (fromPods, askAgain) = PodDiagnosis.Of(
            world.Pods.Where(p => p.Metadata.Label(Keys.Service) == q.Name && (newest is null || p.Metadata.IsOwnedBy(newest.Metadata.Uid!))),
            newest is null ? [] : [newest], q.Name, now);
        var cause = missing ?? fromPods;
        if (rollout.IsOverdue)
            return new(ServicePhase.Stalled, cause?.Reason ?? Reasons.ProgressDeadlineExceeded, cause?.Message ?? "no progress within progressDeadlineSeconds: kubectl describe its pods, then change the spec", counts);
        return cause is not null
            ? new(ServicePhase.Degraded, cause.Reason, cause.Message, counts)
            : new(ServicePhase.Progressing, Reasons.RollingOut, "its pods are being started or replaced", counts, askAgain);
    }

    // What waits too long is Stalled: it says the same, louder. How long it waits is told by the status that was written before. While the app is suspended nothing is late.
    private static ServiceHealth Waiting(Question q, Refusal why, ReplicaCounts counts, DateTimeOffset now)
    {
        if (q.App.Spec.Suspend == true)
            return new(ServicePhase.Waiting, why.Reason, why.Message, counts);
        var left = q.Before switch
        {
            { State: ServicePhase.Stalled } => TimeSpan.Zero,
            { State: ServicePhase.Waiting, LastTransitionTime: var since } => since + q.Deadline - now,
            _ => q.Deadline,
        };
        return left > TimeSpan.Zero
            ? new(ServicePhase.Waiting, why.Reason, why.Message, counts, left)
            : new(ServicePhase.Stalled, Reasons.ProgressDeadlineExceeded, $"{why.Message}, longer than progressDeadlineSeconds", counts);
    }

    private static Refusal? Missing(Question q, Observed world)
    {
        if (q.References.FirstOrDefault(r => r.IsMissing(world)) is not { Target: var target, Key: var key })
            return null;
        return new(Reasons.ConfigMissing, world.Config[target].Exists
            ? $"{target} has no key {key}: add it, or mark its use optional"
            : $"{target} does not exist: create it, or mark its use optional");
    }

    // Pods of older templates are on their way out; what is wrong with them was mended, or is wrong with the newest too.
    // Those of an earlier Deployment of the same name count revisions of their own.
    private static ReplicaSet? Newest(Observed world, KubeObject deployment) => world.ReplicaSets
        .Where(r => r.Metadata.ControllerOwner()?.Uid == deployment.Metadata.Uid)
        .MaxBy(r => long.TryParse(r.Metadata.Annotation("deployment.kubernetes.io/revision"), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0);
}
