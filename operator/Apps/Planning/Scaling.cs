using System.Collections.Immutable;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Who sets a Deployment's number of pods: we do, or somebody else, an autoscaler for instance. The number is handed over, never dropped: a field that nobody
/// holds any more goes back to its default, and all pods but one would end.
/// </summary>
public static class Scaling
{
    private static readonly FieldPath Replicas = new([PathStep.To("spec"), PathStep.To("replicas")]);

    /// <summary>
    /// The app with the number of pods that an autoscaler left behind, where the spec says none: so many run, so rules, budgets and status go by them, not by the
    /// default.
    /// </summary>
    internal static EffectiveApp AsLeft(EffectiveApp app, Observed world)
    {
        var services = app.Services.Select(s => s with { Scale = AsLeft(s.Scale, Live(app, s.Name, world)) }).ToImmutableArray();
        return app with
        {
            Services = services,
            Issuer = services.FirstOrDefault(s => s.Name == app.Issuer?.Name),
            Gateway = app.Gateway is { } gateway ? gateway with { Scale = AsLeft(gateway.Scale, Live(app, Names.Gateway, world)) } : null,
        };
    }

    /// <summary>With how many pods a Deployment begins whose number somebody else sets; null when we set it.</summary>
    internal static int? FirstReplicas(Workload w, Observed world)
    {
        if (w.Scale.Autoscaling is not null)
            return w.Scale.Replicas;

        // After an autoscaler the number stays as it left it, until the spec says one.
        return Left(w.Scale, Live(w.App, w.Name, world));
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

    private static EffectiveScale AsLeft(EffectiveScale scale, KubeObject? live) => Left(scale, live) is { } left ? scale with { Replicas = left } : scale;

    private static int? Left(EffectiveScale scale, KubeObject? live) =>
        scale is { Autoscaling: null, IsStated: false } && live is not null && IsAutoscaled(live) && LiveReplicas(live) is var left and > 0 ? left : null;

    private static KubeObject? Live(EffectiveApp app, string service, Observed world) => world.Own(app.App, Resources.Deployments, Names.Child(app.Name, service));

    // The server fills in 1.
    private static int LiveReplicas(KubeObject deployment) => deployment.Part("spec").TryGetProperty("replicas", out var replicas) ? replicas.GetInt32() : 1;
}
