#pragma warning disable CS1591, SA1600 // the [Description] is the documentation: kubectl explain shows it to the users too
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Fleet.Kubernetes;

namespace Fleet.Apps;

[Description("A HorizontalPodAutoscaler: between which bounds, and by what, the number of pods follows their load.")]
[ValidationRule("!has(self.minReplicas) || self.minReplicas <= self.maxReplicas", Says.ScalingBounds)]
[ValidationRule("has(self.cpuUtilization) || has(self.memoryUtilization)", Says.ScalingNeedsMetric)]
public sealed record AutoscalingSpec
{
    [Description("How few pods there may be. Default: 1.")]
    [Range(1, 1000)]
    public int? MinReplicas { get; init; }

    [Description("How many pods there may be.")]
    [Range(1, 1000)]
    public required int MaxReplicas { get; init; }

    [Description("CPU that the pods shall use on average, in percent of resources.requests.cpu, which it needs.")]
    [Range(1, 1000)]
    public int? CpuUtilization { get; init; }

    [Description("Memory that the pods shall use on average, in percent of resources.requests.memory, which it needs.")]
    [Range(1, 1000)]
    public int? MemoryUtilization { get; init; }
}

[Description("A PodDisruptionBudget, which exists while more than one pod may run: what may be taken away at once when nodes are drained.")]
[ValidationRule(Cel.DisruptionCanHappen, Says.DisruptionNever)]
public sealed record DisruptionSpec
{
    [Description("How many pods may be missing: a number or a percentage, at least 1. Default: 1.")]
    [MaxLength(5)]
    [Range(0, 1000)]
    [RegularExpression(Patterns.PercentOfAll)]
    public IntOrString? MaxUnavailable { get; init; }
}
