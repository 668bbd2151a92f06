using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Who sets a Deployment's number of pods: we do, or somebody else, an autoscaler for instance. The number is handed over, never dropped: a field that nobody
/// holds any more goes back to its default, and all pods but one would end.
/// </summary>
public static class Scaling
{
    private static readonly FieldPath Replicas = new([PathStep.To("spec"), PathStep.To("replicas")]);

    /// <summary>With how many pods a Deployment begins whose number somebody else sets; null when we set it.</summary>
    internal static int? FirstReplicas(Workload w, Observed world)
    {
        if (w.Scale.Autoscaling is not null)
            return w.Scale.Replicas;

        // After an autoscaler the number stays as it left it, until the spec says one.
        var live = world.Own(w.App.App, Resources.Deployments, Names.Child(w.App.Name, w.Name));
        return !w.Scale.IsStated && live is not null && IsAutoscaled(live) && LiveReplicas(live) > 0 ? w.Scale.Replicas : null;
    }

    /// <summary>Whether somebody else sets the number of a live Deployment's pods.</summary>
    internal static bool IsAutoscaled(KubeObject deployment) => deployment.Metadata.Annotation(Keys.Autoscaled) == "true";

    /// <summary>
    /// The number that <see cref="Keys.ScaleManager"/> has to hold before a Deployment is applied without one: the live one, so that no pod comes or goes. An
    /// autoscaler leaves alone what stands at zero, so it is brought up to its least. Null when nothing is to be handed over.
    /// </summary>
    public static int? Handover(PlannedObject desired, KubeObject live) => desired.FirstReplicas is not { } first ? null
        : LiveReplicas(live) is var now && now == 0 ? first
        : ManagedFields.IsOurs(live.Metadata, Replicas) ? now : null;

    /// <summary>What is applied to hand over: of this very version, so that an autoscaler that was quicker keeps its number.</summary>
    public static KubeObject OnlyReplicas(KubeObject live, int replicas) => KubeObject.From(live.Resource, Json.Of(
        ("metadata", Json.Of(("name", live.Metadata.Name), ("namespace", live.Metadata.Namespace), ("resourceVersion", live.Metadata.ResourceVersion))),
        ("spec", Json.Of(("replicas", replicas)))));

    /// <summary>What differs when an autoscaled Deployment stands at zero; null when it does not.</summary>
    internal static Difference? AtZero(PlannedObject desired, KubeObject live)
    {
        if (desired.FirstReplicas is null || LiveReplicas(live) != 0)
            return null;
        return new(Replicas, desired.ToCreate.Part("spec").GetProperty("replicas"), live.Part("spec").GetProperty("replicas"));
    }

    // The server fills in 1.
    private static int LiveReplicas(KubeObject deployment) => deployment.Part("spec").TryGetProperty("replicas", out var replicas) ? replicas.GetInt32() : 1;
}
