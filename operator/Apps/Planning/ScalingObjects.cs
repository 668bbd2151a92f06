using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Builds what looks after the number of pods: HorizontalPodAutoscalers and PodDisruptionBudgets.</summary>
internal static class ScalingObjects
{
    /// <summary>The autoscaler of a workload that has started; null when the number of pods is fixed.</summary>
    internal static PlannedObject? Autoscaler(EffectiveApp app, string service, EffectiveScale scale) => scale.Autoscaling is not { } follows ? null
        : PlannedObject.Of(Resources.HorizontalPodAutoscalers, service, Json.Of(
            ("metadata", Metadata.Of(app, service, Names.Child(app.Name, service), [])),
            ("spec", Json.Of(
                ("scaleTargetRef", Json.Of(("apiVersion", Resources.Deployments.ApiVersion), ("kind", Resources.Deployments.Kind), ("name", Names.Child(app.Name, service)))),
                ("minReplicas", scale.Replicas),
                ("maxReplicas", follows.MaxReplicas),
                ("metrics", Json.ListOf([Utilization("cpu", follows.CpuUtilization), Utilization("memory", follows.MemoryUtilization)]))))));

    /// <summary>The budget of a workload of which more than one pod may run; of a single one, or of none, no budget could ever be kept.</summary>
    internal static PlannedObject? Budget(EffectiveApp app, string service, EffectiveScale scale, DisruptionSpec? disruption, ClusterFeatures features) => disruption is null || scale.Most < 2 ? null
        : PlannedObject.Of(Resources.PodDisruptionBudgets, service, Json.Of(
            ("metadata", Metadata.Of(app, service, Names.Child(app.Name, service), [])),
            ("spec", Json.Of(
                ("maxUnavailable", Json.Of(disruption.MaxUnavailable ?? 1)),
                // Pods that serve nobody are no reason to keep a node.
                ("unhealthyPodEvictionPolicy", features.EvictsUnready ? "AlwaysAllow" : null),
                ("selector", Json.Of(("matchLabels", Json.Map(Metadata.SelectorLabels(app, service)))))))));

    /// <summary>Pods of one workload on different nodes, as far as that is possible.</summary>
    internal static JsonArray Spread(EffectiveApp app, string service) => new(Json.Of(
        ("maxSkew", 1),
        ("topologyKey", "kubernetes.io/hostname"),
        ("whenUnsatisfiable", "ScheduleAnyway"),
        ("labelSelector", Selector(app, service))));

    /// <summary>
    /// Pods of one workload in different zones, as far as that is possible. No spread constraint: the scheduler passes over all constraints of a pod on nodes that lack
    /// the label of one of them, so where nodes have no zones it would not spread over nodes either.
    /// </summary>
    internal static JsonObject Apart(EffectiveApp app, string service) => Json.Of(
        ("podAntiAffinity", Json.Of(("preferredDuringSchedulingIgnoredDuringExecution", new JsonArray(Json.Of(
            ("weight", 100),
            ("podAffinityTerm", Json.Of(
                ("topologyKey", "topology.kubernetes.io/zone"),
                ("labelSelector", Selector(app, service))))))))));

    private static JsonObject Selector(EffectiveApp app, string service) => Json.Of(("matchLabels", Json.Map(Metadata.SelectorLabels(app, service))));

    private static JsonObject? Utilization(string resource, int? percent) => percent is null ? null : Json.Of(
        ("type", "Resource"),
        ("resource", Json.Of(("name", resource), ("target", Json.Of(("type", "Utilization"), ("averageUtilization", percent))))));
}
