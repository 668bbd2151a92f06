using System.Collections.Immutable;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What an app is to be.</summary>
/// <param name="App">The app as it was read.</param>
/// <param name="Problems">Why the spec is refused; empty when it is accepted.</param>
/// <param name="Desired">The objects, config before workloads.</param>
public sealed record AppPlan(MicroserviceApp App, ImmutableArray<Problem> Problems, ImmutableArray<PlannedObject> Desired)
{
    /// <summary>The app with its defaults; null when the spec is refused.</summary>
    public EffectiveApp? Effective { get; init; }

    /// <summary>Services whose start gate is closed, and the dependencies they wait for.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> WaitsFor { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Kinds that the cluster does not serve and the app does without.</summary>
    public ImmutableArray<Resource> LeftOut { get; init; } = [];
}

/// <summary>Turns a spec into objects. Pure: the same app and world give the same plan.</summary>
public static class Planner
{
    /// <summary>Plans an app; a spec that breaks rules gives a plan with all the problems and no objects.</summary>
    public static AppPlan Plan(MicroserviceApp app, Observed world, OperatorSettings settings)
    {
        var effective = Scaling.AsLeft(EffectiveApp.Of(app, settings), world);
        if (AppRules.Check(effective) is { Count: > 0 } problems)
            return new(app, [.. problems], []);

        var waits = effective.Services
            .Select(s => (s.Name, Waits: StartGate.WaitsFor(effective, s, world)))
            .Where(s => !s.Waits.IsEmpty)
            .ToImmutableDictionary(s => s.Name, s => s.Waits);
        PlannedObject[] desired =
        [
            .. effective.Services.Select(s => ServiceObjects.Account(effective, s.Name)),
            .. effective.Gateway is { } gateway ? GatewayObjects.BeforePods(effective, gateway) : [],
            .. effective.Services.Select(s => ServiceObjects.Of(effective, s)),
            .. effective.Gateway is { } front ? [ServiceObjects.Of(effective, front)] : Array.Empty<PlannedObject>(),
            .. NetworkPolicies.Of(effective),
            .. effective.Services.Select(s => Deployments.Of(Workload.Of(effective, s), world, started: !waits.ContainsKey(s.Name))),
            .. effective.Gateway is { } router ? [Deployments.Of(Workload.Of(effective, router), world, started: true)] : Array.Empty<PlannedObject>(),
            .. effective.Services.Where(s => !waits.ContainsKey(s.Name)).Select(s => ScalingObjects.Autoscaler(effective, s.Name, s.Scale)).OfType<PlannedObject>(),
            .. effective.Services.Select(s => ScalingObjects.Budget(effective, s.Name, s.Scale, s.Spec.Disruption, world.Features)).OfType<PlannedObject>(),
            .. effective.Gateway is { } scaled ? GatewayObjects.AroundPods(effective, scaled, world.Features) : [],
            .. ServiceMonitors.Of(effective),
            .. GatewayApiRoutes.Of(effective),
        ];
        return new(app, [], [.. desired.Where(d => !world.IsLeftOut(d)).Select(d => Hold(d, effective, world))])
        {
            Effective = effective,
            WaitsFor = waits,
            LeftOut = [.. desired.Where(world.IsLeftOut).Select(d => d.Object.Resource).Distinct()],
        };
    }

    /// <summary>The ConfigMaps and Secrets that an app refers to: what has to be known before it can be planned.</summary>
    public static ImmutableHashSet<ConfigKey> References(MicroserviceApp app, OperatorSettings settings)
    {
        var effective = EffectiveApp.Of(app, settings);
        return
        [
            .. (app.Spec.Defaults?.ImagePullSecrets ?? []).Select(s => new ConfigKey("Secret", s.Name)),
            .. effective.Gateway?.TlsSecret is { } tls ? [new ConfigKey("Secret", tls)] : Array.Empty<ConfigKey>(),
            .. effective.Services
                .Where(s => s.Spec is { Env: not null } or { EnvFrom: not null } or { Volumes: not null } or { PodTemplate: not null })
                .SelectMany(s => ConfigReference.In(Deployments.Template(Workload.Of(effective, s), ClusterFeatures.Current)))
                .Select(r => r.Target),
        ];
    }

    private static PlannedObject Hold(PlannedObject planned, EffectiveApp app, Observed world)
    {
        if (world.Missing.GetValueOrDefault(planned.Object.Resource) is { } missing)
            return planned with { Held = missing };
        if (planned.Object.Resource != Resources.Deployments)
            return planned;
        string[] needed = [.. (app.App.Spec.Defaults?.ImagePullSecrets ?? []).Select(s => s.Name)];
        if (needed.FirstOrDefault(name => IsMissing(name, world)) is { } pull)
            return planned with { Held = new(Reasons.SecretNotFound, $"Secret/{pull} of spec.defaults.imagePullSecrets does not exist: create it, or take it out of the spec") };
        return planned.Service == Names.Gateway && app.Gateway?.TlsSecret is { } tls && IsMissing(tls, world)
            ? planned with { Held = new(Reasons.SecretNotFound, $"Secret/{tls} of spec.gateway.tls does not exist: create it (kubectl create secret tls {tls} --cert=FILE --key=FILE), or take tls out of the spec") }
            : planned;
    }

    private static bool IsMissing(string secret, Observed world) => world.Config.GetValueOrDefault(new("Secret", secret)) is { Exists: false };
}

/// <summary>On first install a service starts once every dependency was Active; after that nothing holds it back.</summary>
internal static class StartGate
{
    internal static ImmutableArray<string> WaitsFor(EffectiveApp app, EffectiveService service, Observed world) =>
        !service.Active || HasStarted(app, service.Name, world) ? [] :
        [
            .. service.DependsOn
                .Where(d => app.Services.FirstOrDefault(s => s.Name == d) is { Active: true } peer && !IsActive(app, peer, world))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Whether the service has its Deployment and was never started.</summary>
    internal static bool IsClosed(MicroserviceApp app, string service, Observed world) =>
        world.Own(app, Resources.Deployments, Names.Child(app.Metadata.Name, service)) is { } deployment && deployment.Metadata.Annotation(Keys.Started) != "true";

    private static bool HasStarted(EffectiveApp app, string service, Observed world) =>
        world.Own(app.App, Resources.Deployments, Names.Child(app.Name, service))?.Metadata.Annotation(Keys.Started) == "true";

    private static bool IsActive(EffectiveApp app, EffectiveService peer, Observed world) =>
        world.Own(app.App, Resources.Deployments, Names.Child(app.Name, peer.Name)) is { } deployment && HasStarted(app, peer.Name, world)
        && (Scaling.IsAutoscaled(deployment) ? Rollout.Of(deployment).Serves(peer.Scale.Replicas) : Rollout.Of(deployment).IsComplete);
}
