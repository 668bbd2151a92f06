using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>
/// Lets at most five apps at a time take over new bundled images that an upgrade of the operator brings, and not a user's change of the spec. A place is
/// given back when the bundled services run again: images that do not work stop after five apps.
/// </summary>
public sealed class RollGate
{
    /// <summary>How many apps may roll at once.</summary>
    public const int Places = 5;

    private readonly Lock _lock = new();
    private readonly HashSet<ObjectKey> _rolling = [];
    private readonly HashSet<ObjectKey> _waiting = [];

    /// <summary>The actions that may be carried out now; the rest keep what is there.</summary>
    public ImmutableArray<ObjectAction> Admit(AppPlan plan, ImmutableArray<ObjectAction> actions)
    {
        var upgrades = actions.OfType<ObjectAction.Apply>().Where(a => IsUpgrade(a, plan)).ToHashSet<ObjectAction>(ReferenceEqualityComparer.Instance);
        return Enter(ObjectKey.Of(plan.App), upgrades.Count > 0) ? actions
            : [.. actions.Select(a => a is ObjectAction.Apply upgrade && upgrades.Contains(a) ? new ObjectAction.Keep(upgrade.Desired, upgrade.Live) : a)];
    }

    /// <summary>Whether the app still waits for a place: no event will tell it when there is one.</summary>
    public bool Holds(ObjectKey app)
    {
        lock (_lock)
            return _waiting.Contains(app);
    }

    /// <summary>Gives the app's place back when its bundled services run.</summary>
    public void Look(AppPlan plan, AppStatus status)
    {
        if (plan.Effective is { } app && status.Services.Where(s => IsBundled(app, s.Name)).All(s => s.State is ServicePhase.Active or ServicePhase.Inactive))
            Leave(ObjectKey.Of(plan.App));
    }

    /// <summary>The app is gone, or nothing is written for it.</summary>
    public void Forget(ObjectKey app)
    {
        lock (_lock)
        {
            _rolling.Remove(app);
            _waiting.Remove(app);
        }
    }

    private void Leave(ObjectKey app)
    {
        lock (_lock)
            _rolling.Remove(app);
    }

    private bool Enter(ObjectKey app, bool upgrades)
    {
        lock (_lock)
        {
            var enters = !upgrades || _rolling.Contains(app) || (_rolling.Count < Places && _rolling.Add(app));
            if (enters)
                _waiting.Remove(app);
            else
                _waiting.Add(app);
            return enters;
        }
    }

    private static bool IsUpgrade(ObjectAction.Apply action, AppPlan plan) =>
        IsBundled(plan.Effective!, action.Service) && action.Drift.IsEmpty && action.Object.Resource == Resources.Deployments
        && !IsUsersChange(plan.App) && Image(action.Desired.Object, action.Service) != Image(action.Live, action.Service);

    private static bool IsBundled(EffectiveApp app, string service) => service == Names.Gateway
        ? app.Gateway is { Spec.Image: null }
        : app.Services.FirstOrDefault(s => s.Name == service) is { Bundled: not null, Spec.Image: null };

    // A generation whose objects were all applied has nothing left that its user has asked for.
    private static bool IsUsersChange(MicroserviceApp app) =>
        app.Status?.Conditions.FirstOrDefault(c => c.Type == Conditions.ResourcesApplied) is not { Status: ConditionStatus.True } applied || applied.ObservedGeneration != app.Metadata.Generation;

    private static string? Image(KubeObject deployment, string container) => deployment.Part("spec").GetProperty("template").GetProperty("spec").GetProperty("containers")
        .EnumerateArray().FirstOrDefault(c => c.GetProperty("name").ValueEquals(container)) is { ValueKind: System.Text.Json.JsonValueKind.Object } found && found.TryGetProperty("image", out var image)
        ? image.GetString() : null;
}
