using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>How many pods a ReplicaSet lacks, or which of them are too many.</summary>
/// <param name="Missing">How many are to be made.</param>
/// <param name="Surplus">Which are to go.</param>
internal sealed record ReplicaSetPlan(int Missing, ImmutableArray<PodState> Surplus)
{
    /// <summary>The most pods that are made or deleted in one pass.</summary>
    public const int Burst = 500;

    /// <summary>Decides it.</summary>
    /// <param name="replicas">How many are wanted.</param>
    /// <param name="pods">Its own pods.</param>
    public static ReplicaSetPlan For(int replicas, IEnumerable<PodState> pods)
    {
        PodState[] active = [.. pods.Where(p => p.IsActive)];
        return active.Length < replicas
            ? new(Math.Min(Burst, replicas - active.Length), [])
            : new(0, [.. active.Order(LeastMissed).Take(Math.Min(Burst, active.Length - replicas))]);
    }

    /// <summary>
    /// Whose end is noticed least comes first: without a node, then not running, then not ready, then ready for a shorter time, then restarted more often,
    /// then younger. Rule: kubernetes.io, "ReplicaSet", scaling down.
    /// </summary>
    private static readonly Comparer<PodState> LeastMissed = Comparer<PodState>.Create(static (a, b) =>
    {
        var order = (a.Node is not null).CompareTo(b.Node is not null);
        order = order != 0 ? order : Liveness(a).CompareTo(Liveness(b));
        order = order != 0 ? order : a.IsReady.CompareTo(b.IsReady);
        order = order != 0 ? order : Cost(a).CompareTo(Cost(b));
        order = order != 0 ? order : Nullable.Compare(b.ReadySince, a.ReadySince);
        order = order != 0 ? order : b.Restarts.CompareTo(a.Restarts);
        order = order != 0 ? order : Nullable.Compare(b.Object.Metadata.CreationTimestamp, a.Object.Metadata.CreationTimestamp);
        return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
    });

    private static int Liveness(PodState pod) => pod.Phase switch { "Pending" => 0, "Unknown" => 1, _ => 2 };

    private static int Cost(PodState pod) =>
        int.TryParse(pod.Object.Metadata.Annotation("controller.kubernetes.io/pod-deletion-cost"), out var cost) ? cost : 0;

    /// <summary>The pod that a ReplicaSet makes.</summary>
    public static KubeObject Pod(KubeObject set)
    {
        var template = set.At("spec", "template");
        var metadata = new JsonObject { ["generateName"] = $"{set.Metadata.Name}-", ["namespace"] = set.Metadata.Namespace };
        foreach (var field in (string[])["labels", "annotations", "finalizers"])
        {
            if (template.At("metadata", field).ToNode() is { } value)
                metadata[field] = value;
        }

        metadata["ownerReferences"] = new JsonArray(Claims.Reference(set));
        return KubeObject.From(Resources.Pods, new JsonObject { ["metadata"] = metadata, ["spec"] = template.At("spec").ToNode() });
    }

    /// <summary>The status that tells of its pods.</summary>
    /// <param name="set">Whose.</param>
    /// <param name="pods">Its own pods.</param>
    /// <param name="failure">Why pods could not be made or deleted; null when they could.</param>
    /// <param name="now">The time of what changes.</param>
    public static JsonObject Status(KubeObject set, IEnumerable<PodState> pods, (string Reason, string Message)? failure, DateTimeOffset now)
    {
        PodState[] active = [.. pods.Where(p => p.IsActive)];
        var wanted = set.At("spec", "template", "metadata", "labels").Texts();
        var minReady = set.At("spec", "minReadySeconds").Int() ?? 0;
        var conditions = StatusConditions.Read(set.At("status", "conditions"));
        conditions = failure is { } why ? conditions.With(new("ReplicaFailure", "True", why.Reason, why.Message, now)) : conditions.Without("ReplicaFailure");

        var status = new JsonObject { ["replicas"] = active.Length };
        Count("fullyLabeledReplicas", active.Count(p => p.Object.Metadata.LabelsOrNone() is var has && wanted.All(w => has.TryGetValue(w.Key, out var value) && value == w.Value)));
        Count("readyReplicas", active.Count(p => p.IsReady));
        Count("availableReplicas", active.Count(p => p.IsAvailable(minReady, now)));
        status["observedGeneration"] = set.Metadata.Generation;
        if (!conditions.IsEmpty)
            status["conditions"] = conditions.ToJson();
        return status;

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
        known.Remove("terminatingReplicas");
        return !JsonNode.DeepEquals(status, known);
    }

    /// <summary>When the next of the ready pods will have been ready for long enough; null when none is waited for.</summary>
    public static TimeSpan? NextAvailable(KubeObject set, IEnumerable<PodState> pods, DateTimeOffset now) =>
        set.At("spec", "minReadySeconds").Int() is { } seconds and > 0
            ? pods.Where(p => p.IsActive && p.IsReady && !p.IsAvailable(seconds, now)).Select(p => (TimeSpan?)(p.ReadySince!.Value.AddSeconds(seconds) - now)).Min()
            : null;
}
