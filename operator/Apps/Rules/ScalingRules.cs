using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What must hold so that the number of pods can follow their load, and nodes can be drained.</summary>
internal static class ScalingRules
{
    internal static IEnumerable<Problem> Check(ServiceSpec service, string path) =>
    [
        // What podTemplate sets is the user's business: it may well be the requests.
        .. OfAutoscaling(service.Autoscaling, service.Replicas, service.Resources, path, asksRequests: service.PodTemplate is null),
        .. service.Disruption?.MaxUnavailable is { } missing && ServiceRules.IsZero(missing) ? [new Problem($"{path}.disruption.maxUnavailable", Says.DisruptionNever)] : Array.Empty<Problem>(),
    ];

    internal static IEnumerable<Problem> Check(GatewaySpec gateway) => OfAutoscaling(gateway.Autoscaling, gateway.Replicas, gateway.Resources, "spec.gateway", asksRequests: true);

    private static IEnumerable<Problem> OfAutoscaling(AutoscalingSpec? autoscaling, int? replicas, ComputeResources? resources, string path, bool asksRequests)
    {
        if (autoscaling is null)
            yield break;
        var at = $"{path}.autoscaling";
        if (replicas is not null)
            yield return new($"{path}.replicas", Says.ReplicasOrAutoscaling);
        if (autoscaling.MinReplicas > autoscaling.MaxReplicas)
            yield return new($"{at}.minReplicas", Says.ScalingBounds);
        if (autoscaling is { CpuUtilization: null, MemoryUtilization: null })
            yield return new(at, Says.ScalingNeedsMetric);
        foreach (var (name, share) in new[] { ("cpu", autoscaling.CpuUtilization), ("memory", autoscaling.MemoryUtilization) })
        {
            if (asksRequests && share is not null && !IsRequested(resources, name))
                yield return new($"{at}.{name}Utilization", Says.ScalingNeedsRequests);
        }
    }

    // Kubernetes takes the limit for a request that is not set.
    private static bool IsRequested(ComputeResources? resources, string name) =>
        resources?.Requests?.ContainsKey(name) == true || resources?.Limits?.ContainsKey(name) == true;
}
