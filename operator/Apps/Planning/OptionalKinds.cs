using System.Collections.Immutable;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Kinds of children that not every cluster serves and not every app needs.</summary>
public static class OptionalKinds
{
    /// <summary>All of them.</summary>
    public static readonly ImmutableArray<Resource> All =
        [Resources.HorizontalPodAutoscalers, Resources.PodDisruptionBudgets, Resources.NetworkPolicies, Resources.ServiceMonitors, Resources.HttpRoutes, Resources.GrpcRoutes];

    /// <summary>What is said of one that the cluster does not serve.</summary>
    public static Refusal NotServed(Resource kind)
    {
        var remedy = kind == Resources.HorizontalPodAutoscalers ? "it takes Kubernetes 1.23"
            : kind == Resources.PodDisruptionBudgets ? "it takes Kubernetes 1.21"
            : $"install the CRDs of {kind.Group}";
        return new(Reasons.ApplyFailed, $"the cluster does not serve {kind.Kind} ({kind.ApiVersion}): {remedy}, or take it out of the spec");
    }

    /// <summary>
    /// Whether an app does without an object of a kind that is not served. A budget or a monitor changes nothing of what runs, and a route has a
    /// condition of its own; of an autoscaler that is missing somebody has to know.
    /// </summary>
    internal static bool IsDispensable(Resource kind) => kind == Resources.PodDisruptionBudgets || kind == Resources.ServiceMonitors || kind.Group == Resources.Gateways.Group;
}
