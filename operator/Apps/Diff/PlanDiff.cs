using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What is to be done with one object.</summary>
/// <param name="Service">The service it belongs to.</param>
public abstract record ObjectAction(string Service)
{
    /// <summary>Which object.</summary>
    public abstract KubeObject Object { get; }

    /// <summary>It is as it should be.</summary>
    public sealed record Keep(PlannedObject Desired, KubeObject Live) : ObjectAction(Desired.Service)
    {
        /// <inheritdoc/>
        public override KubeObject Object => Live;
    }

    /// <summary>It does not exist.</summary>
    public sealed record Create(PlannedObject Desired) : ObjectAction(Desired.Service)
    {
        /// <inheritdoc/>
        public override KubeObject Object => Desired.Object;

        /// <summary>It existed and somebody deleted it.</summary>
        public bool IsDrift { get; init; }
    }

    /// <summary>It is to change.</summary>
    public sealed record Apply(PlannedObject Desired, KubeObject Live) : ObjectAction(Desired.Service)
    {
        /// <inheritdoc/>
        public override KubeObject Object => Desired.Object;

        /// <summary>What somebody else changed; empty when the spec changed.</summary>
        public ImmutableArray<Difference> Drift { get; init; } = [];

        /// <summary>Everything that differs, whoever changed it.</summary>
        public ImmutableArray<Difference> Differences { get; init; } = [];

        /// <summary>Entries and fields of others in what is ours whole, which an apply alone would leave.</summary>
        public ImmutableArray<Difference> Extras => [.. Differences.Where(d => d.IsExtra)];
    }

    /// <summary>It is to change in a way that Kubernetes cannot do in place: it is deleted and made again.</summary>
    public sealed record Replace(PlannedObject Desired, KubeObject Live, string Field) : ObjectAction(Desired.Service)
    {
        /// <inheritdoc/>
        public override KubeObject Object => Desired.Object;
    }

    /// <summary>It left the spec.</summary>
    public sealed record Delete(KubeObject Live, string Service) : ObjectAction(Service)
    {
        /// <inheritdoc/>
        public override KubeObject Object => Live;
    }

    /// <summary>It cannot be written, and why.</summary>
    public sealed record Hold(PlannedObject Desired, KubeObject? Live, Refusal Refusal) : ObjectAction(Desired.Service)
    {
        /// <inheritdoc/>
        public override KubeObject Object => Live ?? Desired.Object;

        /// <summary>What somebody else changed and driftPolicy Report leaves as it is.</summary>
        public ImmutableArray<Difference> Drift { get; init; } = [];
    }
}

/// <summary>Compares the plan with the world.</summary>
public static class PlanDiff
{
    /// <summary>One action per object: of the desired ones in their order, then of what left the spec.</summary>
    /// <param name="plan">What is to be.</param>
    /// <param name="world">What is.</param>
    public static ImmutableArray<ObjectAction> Between(AppPlan plan, Observed world)
    {
        var app = plan.App;
        var wanted = plan.Desired.Select(d => (d.Object.Resource, d.Object.Metadata.Name)).ToHashSet();
        return
        [
            .. plan.Desired.Select(d => For(d, world.Child(d.Object.Resource, d.Object.Metadata.Name), app, world)),
            .. world.Children
                .Where(c => IsOurs(c, app) && c.Metadata.DeletionTimestamp is null && !wanted.Contains((c.Resource, c.Metadata.Name)))
                .Select(c => new ObjectAction.Delete(c, c.Metadata.Label(Keys.Service) ?? "")),
        ];
    }

    /// <summary>Whether the app is the object's managing owner, by UID.</summary>
    public static bool IsOurs(KubeObject live, MicroserviceApp app) =>
        app.Metadata.Uid is { } uid && live.Metadata.ControllerOwner()?.Uid == uid;

    /// <summary>The action for one desired object and what stands under its name.</summary>
    public static ObjectAction For(PlannedObject desired, KubeObject? live, MicroserviceApp app, Observed world)
    {
        if (desired.Held is { } held)
            return new ObjectAction.Hold(desired, live, held);
        if (live is null)
            return Missing(desired, app);
        if (Obstacle(desired, live, app) is { } obstacle)
            return new ObjectAction.Hold(desired, live, obstacle);
        var adopted = !IsOurs(live, app);
        if (ImmutableChange(desired.Object, live) is { } field)
            return adopted ? new ObjectAction.Hold(desired, live, NotAdoptable(live, field)) : new ObjectAction.Replace(desired, live, field);

        ImmutableArray<Difference> differences =
            [.. FieldDiff.Between(desired.Object, live).Where(d => !IsOfAdmission(live, d, world)), .. Scaling.AtZero(desired, live) is { } atZero ? [atZero] : Array.Empty<Difference>()];
        var applied = live.Metadata.Annotation(Keys.Applied);
        if (adopted || (applied is not null && applied != desired.Fingerprint))
            return new ObjectAction.Apply(desired, live) { Differences = differences };
        if (differences.IsEmpty)
            return new ObjectAction.Keep(desired, live);
        return app.Spec.DriftPolicy == DriftPolicy.Report
            ? new ObjectAction.Hold(desired, live, Drifted(live, differences)) { Drift = differences }
            : new ObjectAction.Apply(desired, live) { Drift = differences, Differences = differences };
    }

    // What differs although it is ours, and an entry that nobody set, was changed by admission at our own write (see ManagedFields.IsOurs). Not so replicas:
    // servers before 1.22 do not note who writes through the scale subresource, and kubectl scale does.
    private static bool IsOfAdmission(KubeObject live, Difference difference, Observed world) =>
        world.Answered(live, difference)
        || (ManagedFields.IsOurs(live.Metadata, difference.Path) && !IsReplicas(live, difference.Path))
        || (difference.IsExtra && ManagedFields.IsNobodys(live.Metadata, difference.Path));

    private static bool IsReplicas(KubeObject live, FieldPath path) =>
        live.Resource == Resources.Deployments && path.Steps is [{ Field: "spec" }, { Field: "replicas" }];

    // Whether it was there is told by the status of the last pass: everything was applied for this very generation.
    private static ObjectAction Missing(PlannedObject desired, MicroserviceApp app)
    {
        var applied = app.Status?.Conditions.FirstOrDefault(c => c.Type == Conditions.ResourcesApplied);
        // What the cluster did not serve then was not there.
        var complete = applied is { Reason: Reasons.Applied or Reasons.Drifted } || (applied is { Reason: Reasons.NotAllServed } && !OptionalKinds.IsDispensable(desired.Object.Resource));
        var deleted = complete && applied!.ObservedGeneration == app.Metadata.Generation;
        return deleted && app.Spec.DriftPolicy == DriftPolicy.Report
            ? new ObjectAction.Hold(desired, null, new(Reasons.Drifted, $"{desired.Object.Id} was deleted, or its label {Keys.App} was taken off; driftPolicy Report leaves it so: change the spec, or set driftPolicy Repair"))
            : new ObjectAction.Create(desired) { IsDrift = deleted };
    }

    private static Refusal Drifted(KubeObject live, ImmutableArray<Difference> differences) =>
        new(Reasons.Drifted, $"{live.Id}: {differences[0].Path} was changed by somebody else; driftPolicy Report leaves it so: change the spec, or set driftPolicy Repair");

    private static Refusal? Obstacle(PlannedObject desired, KubeObject live, MicroserviceApp app)
    {
        var owner = live.Metadata.ControllerOwner();
        var named = desired.Object.Metadata;
        if (live.Metadata.DeletionTimestamp is not null)
            return new(Reasons.WaitingForDeletion, $"{live.Id} is being deleted; it is made again when it is gone");
        if (IsOurs(live, app))
            return null;
        if (owner is { Kind: var kind, Name: var name } && kind == MicroserviceApp.Resource.Kind && name == app.Metadata.Name)
            return new(Reasons.WaitingForDeletion, $"{live.Id} belongs to an earlier app of the same name; it is made again when garbage collection has removed it");
        var labelled = live.Metadata.Label(Keys.App) == named.Label(Keys.App) && live.Metadata.Label(Keys.Service) == named.Label(Keys.Service);
        if (owner is null && live.Metadata.OwnerReferences is not { Count: > 0 } && labelled && app.Spec.Adoption == AdoptionPolicy.IfLabelled)
            return null;
        owner ??= live.Metadata.OwnerReferences is [var first, ..] ? first : null;
        var whose = owner is null ? "has no owner" : $"belongs to {owner.Kind}/{owner.Name}";
        return new(Reasons.NameConflict, $"{live.Id} is in the way and {whose}: delete or rename it" +
            (owner is null ? $", or label it {Keys.App}={named.Label(Keys.App)} and {Keys.Service}={named.Label(Keys.Service)} and set adoption IfLabelled" : ""));
    }

    // Only what is ours is deleted to make room.
    private static Refusal NotAdoptable(KubeObject live, string field) =>
        new(Reasons.NameConflict, $"{live.Id} is in the way and cannot be adopted, since its {field} cannot be changed: delete or rename it");

    // Fields that the API server refuses to change.
    private static string? ImmutableChange(KubeObject desired, KubeObject live)
    {
        if (desired.Resource == Resources.Services && IsHeadless(desired) != IsHeadless(live))
            return ".spec.clusterIP";
        if (desired.Resource == Resources.Deployments && Differs("selector"))
            return ".spec.selector";
        return desired.Resource == Resources.RoleBindings && FieldsDiffer(desired.Part("roleRef"), live.Part("roleRef")) ? ".roleRef" : null;

        bool Differs(string field) => FieldsDiffer(desired.Part("spec").GetProperty(field), live.Part("spec").TryGetProperty(field, out var there) ? there : default);
    }

    private static bool FieldsDiffer(JsonElement one, JsonElement other) => other.ValueKind == JsonValueKind.Undefined || !JsonElement.DeepEquals(one, other);

    private static bool IsHeadless(KubeObject service) =>
        service.Part("spec").TryGetProperty("clusterIP", out var ip) && ip.ValueEquals("None"u8);
}
