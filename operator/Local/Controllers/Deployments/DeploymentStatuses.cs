using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Controllers;

/// <summary>The status of a Deployment: the sums over its ReplicaSets and what they mean. Rule: kubernetes.io, "Deployments", Deployment status.</summary>
internal static class DeploymentStatuses
{
    /// <summary>The whole status.</summary>
    public static JsonObject Counted(
        DeploymentState deployment, ReplicaSetState? newest, IReadOnlyList<ReplicaSetState> sets, ImmutableArray<WorkloadCondition> conditions, DateTimeOffset now)
    {
        var (total, available) = (sets.Sum(s => s.Pods), sets.Sum(s => s.Available));
        var enough = available >= deployment.Replicas - deployment.MaxUnavailable;
        conditions = conditions.With(enough
            ? new("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now, now)
            : new("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now, now));

        var status = new JsonObject { ["observedGeneration"] = deployment.Object.Metadata.Generation };
        Count("replicas", total);
        Count("updatedReplicas", newest?.Pods ?? 0);
        Count("readyReplicas", sets.Sum(s => s.Ready));
        Count("availableReplicas", available);
        Count("unavailableReplicas", Math.Max(0, total - available));
        if (deployment.Object.At("status", "collisionCount").Int() is { } collisions)
            status["collisionCount"] = collisions;
        status["conditions"] = conditions.ToJson();
        return status;

        // As the API server keeps it: a count of none is left out.
        void Count(string name, int value)
        {
            if (value != 0)
                status[name] = value;
        }
    }

    /// <summary>Whether a status says something else than the one that is there.</summary>
    public static bool Differs(JsonObject status, JsonElement was)
    {
        if (was.ValueKind != JsonValueKind.Object)
            return true;
        var known = (JsonObject)was.ToNode()!;
        known.Remove("terminatingReplicas"); // of newer servers' own controller
        return !JsonNode.DeepEquals(Sorted(status), Sorted(known));

        static JsonObject Sorted(JsonObject status)
        {
            var copy = (JsonObject)status.DeepClone();
            if (copy["conditions"] is JsonArray conditions)
                copy["conditions"] = new JsonArray([.. conditions.Select(c => c!.DeepClone()).OrderBy(c => (string?)c["type"], StringComparer.Ordinal)]);
            return copy;
        }
    }

    /// <summary>Whether every pod is of the newest template, there and available.</summary>
    public static bool IsComplete(DeploymentState deployment, ReplicaSetState? newest, IReadOnlyList<ReplicaSetState> sets) =>
        newest is not null && newest.Pods == deployment.Replicas && sets.Sum(s => s.Pods) == deployment.Replicas && sets.Sum(s => s.Available) == deployment.Replicas;

    /// <summary>What is to be said about the rollout.</summary>
    public static ImmutableArray<WorkloadCondition> Rollout(
        DeploymentState deployment, ReplicaSetState? newest, IReadOnlyList<ReplicaSetState> sets, ImmutableArray<WorkloadCondition> conditions, DateTimeOffset now)
    {
        var known = conditions.Of("Progressing");
        var name = newest is null ? $"Deployment \"{deployment.Name}\"" : $"ReplicaSet \"{newest.Name}\"";
        if (deployment.ProgressDeadline is null)
        {
            conditions = conditions.Without("Progressing");
        }
        else if (known is not { Reason: "NewReplicaSetAvailable" } || sets.Sum(s => s.Pods) != (newest?.Pods ?? 0))
        {
            // A rollout that was completed stays so while pods come and go; only a new template begins another.
            if (IsComplete(deployment, newest, sets))
                conditions = Progress(deployment, conditions, "True", "NewReplicaSetAvailable", $"{name} has successfully progressed.", now);
            else if (Moves(deployment, newest, sets))
                conditions = Refreshed(conditions, new("Progressing", "True", "ReplicaSetUpdated", $"{name} is progressing.", now, now));
            else if (IsOverdue(deployment, known, now))
                conditions = Progress(deployment, conditions, "False", "ProgressDeadlineExceeded", $"{name} has timed out progressing.", now);
        }

        var failure = newest?.Failure ?? sets.Select(s => s.Failure).FirstOrDefault(f => f is not null);
        return failure is null
            ? conditions.Without("ReplicaFailure")
            : conditions.With(new("ReplicaFailure", failure.Status, failure.Reason, failure.Message, now, now));
    }

    /// <summary>Says how the rollout stands, unless nobody has asked for a deadline.</summary>
    public static ImmutableArray<WorkloadCondition> Progress(
        DeploymentState deployment, ImmutableArray<WorkloadCondition> conditions, string status, string reason, string message, DateTimeOffset now) =>
        deployment.ProgressDeadline is null ? conditions : conditions.With(new("Progressing", status, reason, message, now, now));

    /// <summary>When the deadline will have passed, should nothing move until then; null when there is none.</summary>
    public static TimeSpan? Deadline(DeploymentState deployment, ImmutableArray<WorkloadCondition> conditions, DateTimeOffset now)
    {
        if (deployment.ProgressDeadline is not { } deadline || deployment.IsPaused
            || conditions.Of("Progressing") is not { Reason: not ("NewReplicaSetAvailable" or "ProgressDeadlineExceeded") } known)
            return null;
        // Times are kept in whole seconds, so a second more is needed to be sure.
        var left = (known.Updated ?? known.Moved) + deadline - now + TimeSpan.FromSeconds(1);
        return left < TimeSpan.Zero ? TimeSpan.FromSeconds(1) : left;
    }

    private static bool Moves(DeploymentState deployment, ReplicaSetState? newest, IReadOnlyList<ReplicaSetState> sets)
    {
        var updated = newest?.Pods ?? 0;
        return updated > Was("updatedReplicas")
            || sets.Sum(s => s.Pods) - updated < Was("replicas") - Was("updatedReplicas")
            || sets.Sum(s => s.Ready) > Was("readyReplicas")
            || sets.Sum(s => s.Available) > Was("availableReplicas");

        int Was(string count) => deployment.Object.At("status", count).Int() ?? 0;
    }

    private static bool IsOverdue(DeploymentState deployment, WorkloadCondition? known, DateTimeOffset now) => known switch
    {
        null or { Reason: "NewReplicaSetAvailable" } => false,
        { Reason: "ProgressDeadlineExceeded" } => true,
        _ => (known.Updated ?? known.Moved) + deployment.ProgressDeadline!.Value <= now,
    };

    // Every move counts as news, also when the words are the same: the deadline runs from the last one.
    private static ImmutableArray<WorkloadCondition> Refreshed(ImmutableArray<WorkloadCondition> conditions, WorkloadCondition next)
    {
        var was = conditions.Of(next.Type);
        return conditions.Without(next.Type).Add(was?.Status == next.Status ? next with { Moved = was.Moved } : next);
    }
}
