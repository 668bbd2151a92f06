using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>How many pods of a PodDisruptionBudget may be missing now. Rule: kubernetes.io, "Specifying a Disruption Budget for your Application".</summary>
internal static class DisruptionBudget
{
    /// <summary>policy/v1 PodDisruptionBudget.</summary>
    public static readonly Resource Budgets = new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets");

    /// <summary>The status.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="pods">The pods that it selects.</param>
    /// <param name="scale">How many pods the controllers of these want in all.</param>
    /// <param name="now">The time of what changes.</param>
    public static JsonObject Status(KubeObject budget, IReadOnlyCollection<PodState> pods, int scale, DateTimeOffset now)
    {
        var spec = budget.At("spec");
        var healthy = pods.Count(p => p.IsActive && p.IsReady);
        var byNumber = spec.At("minAvailable").Int();
        var expected = byNumber is null ? scale : pods.Count(p => p.IsActive);
        var desired = byNumber
            ?? Share.Of(spec.At("minAvailable"), expected, up: true)
            ?? Math.Max(0, expected - (Share.Of(spec.At("maxUnavailable"), expected, up: true) ?? 0));
        var allowed = expected == 0 ? 0 : Math.Max(0, healthy - desired);

        var was = StatusConditions.Read(budget.At("status", "conditions"));
        var condition = allowed > 0
            ? new WorkloadCondition("DisruptionAllowed", "True", "SufficientPods", "", now)
            : new WorkloadCondition("DisruptionAllowed", "False", "InsufficientPods", "", now);
        var conditions = was.With(condition);
        var json = conditions.ToJson();
        foreach (var entry in json)
        {
            entry!["message"] ??= "";
            entry["observedGeneration"] = budget.Metadata.Generation;
        }

        return new JsonObject
        {
            ["observedGeneration"] = budget.Metadata.Generation, ["disruptionsAllowed"] = allowed, ["currentHealthy"] = healthy,
            ["desiredHealthy"] = desired, ["expectedPods"] = expected, ["conditions"] = json,
        };
    }
}
