using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>What a HorizontalPodAutoscaler can do where no metrics are collected: keep its target within its bounds, and say so.</summary>
/// <param name="Replicas">How many its target is to have.</param>
/// <param name="Status">The status.</param>
internal sealed record ReplicaBounds(int Replicas, JsonObject Status)
{
    /// <summary>autoscaling/v2 HorizontalPodAutoscaler.</summary>
    public static readonly Resource Autoscalers = new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers");

    /// <summary>The kind and name that it scales.</summary>
    public static (string Kind, string Name) TargetOf(KubeObject autoscaler) =>
        (autoscaler.At("spec", "scaleTargetRef", "kind").Text() ?? "", autoscaler.At("spec", "scaleTargetRef", "name").Text() ?? "");

    /// <summary>Decides it.</summary>
    /// <param name="autoscaler">The autoscaler.</param>
    /// <param name="target">What it scales; null when that is not there.</param>
    /// <param name="now">The time of what changes.</param>
    public static ReplicaBounds For(KubeObject autoscaler, KubeObject? target, DateTimeOffset now)
    {
        var conditions = StatusConditions.Read(autoscaler.At("status", "conditions"));
        if (target is null)
        {
            var (kind, name) = TargetOf(autoscaler);
            conditions = conditions.With(new("AbleToScale", "False", "FailedGetScale", $"the target {kind}/{name} is not there", now));
            return new(0, Written(autoscaler, 0, 0, conditions, null));
        }

        var (least, most) = (autoscaler.At("spec", "minReplicas").Int() ?? 1, autoscaler.At("spec", "maxReplicas").Int() ?? 1);
        var wanted = target.At("spec", "replicas").Int() ?? 1;
        var current = target.At("status", "replicas").Int() ?? 0;
        var next = wanted == 0 ? 0 : Math.Clamp(wanted, least, Math.Max(least, most));
        conditions = conditions
            .With(next == wanted
                ? new("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale", now)
                : new("AbleToScale", "True", "SucceededRescale", $"the HPA controller was able to update the target scale to {next}", now))
            .With(wanted == 0
                ? new("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero", now)
                : new("ScalingActive", "False", "FailedGetResourceMetric", "no metrics are collected here, so the target is only kept within its bounds", now));
        conditions = wanted == 0 ? conditions.Without("ScalingLimited") : conditions.With(
            wanted < least ? new("ScalingLimited", "True", "TooFewReplicas", "the desired replica count is less than the minimum replica count", now)
            : wanted > most ? new("ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count", now)
            : new("ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range", now));
        return new(next, Written(autoscaler, current, next, conditions, next == wanted ? autoscaler.At("status", "lastScaleTime").Time() : now));
    }

    private static JsonObject Written(
        KubeObject autoscaler, int current, int desired, System.Collections.Immutable.ImmutableArray<WorkloadCondition> conditions, DateTimeOffset? scaled)
    {
        var status = new JsonObject { ["observedGeneration"] = autoscaler.Metadata.Generation };
        if (scaled is { } time)
            status["lastScaleTime"] = time.ToText();
        if (current != 0)
            status["currentReplicas"] = current;
        status["desiredReplicas"] = desired;
        status["conditions"] = conditions.ToJson();
        return status;
    }
}
