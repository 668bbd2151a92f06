using System.Collections.Immutable;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>The conditions, from what is known of objects and services.</summary>
internal static class Summary
{
    // The order in which they are looked at for Ready: the first that is False is the cause of the others.
    private static readonly string[] Order = [Conditions.Accepted, Conditions.ResourcesApplied, Conditions.ServicesAvailable, Conditions.RoutesProgrammed];

    internal static AppCondition Condition(long generation, string type, ConditionStatus status, string reason, string message) => new()
    {
        Type = type, Status = status, Reason = reason, Message = message, ObservedGeneration = generation,
    };

    /// <summary>The time moves only with the status.</summary>
    internal static AppCondition Timed(AppCondition now, IReadOnlyList<AppCondition> before, DateTimeOffset time)
    {
        var was = before.FirstOrDefault(c => c.Type == now.Type);
        return now with { LastTransitionTime = was?.Status == now.Status ? was.LastTransitionTime : time };
    }

    /// <summary>Adds Ready, which is only ever computed, and the two conditions that kstatus looks for.</summary>
    internal static IEnumerable<AppCondition> Of(MicroserviceApp app, List<AppCondition> conditions)
    {
        var generation = app.Metadata.Generation;
        var inOrder = Order.Select(type => conditions.FirstOrDefault(c => c.Type == type)).OfType<AppCondition>().ToList();
        var cause = inOrder.FirstOrDefault(c => c.Status == ConditionStatus.False) ?? inOrder.FirstOrDefault(c => c.Status == ConditionStatus.Unknown);
        var ready = cause is null
            ? Condition(generation, Conditions.Ready, ConditionStatus.True, Reasons.Ready, "every service is Active")
            : Condition(generation, Conditions.Ready, cause.Status, cause.Reason, cause.Message);
        var suspended = app.Spec.Suspend == true;
        var needsSomebody = inOrder.Any(c => c.Status == ConditionStatus.False && c.Type is Conditions.Accepted or Conditions.ResourcesApplied) ||
            cause is { Status: ConditionStatus.False, Type: not Conditions.RoutesProgrammed };
        return
        [
            .. inOrder,
            ready,
            .. ready.Status == ConditionStatus.Unknown && !suspended
                ? [Condition(generation, Conditions.Reconciling, ConditionStatus.True, ready.Reason, ready.Message)] : Array.Empty<AppCondition>(),
            .. ready.Status == ConditionStatus.False && needsSomebody
                ? [Condition(generation, Conditions.Stalled, ConditionStatus.True, ready.Reason, ready.Message)] : Array.Empty<AppCondition>(),
        ];
    }

    internal static AppCondition Applied(AppPlan plan, Observed world, IReadOnlyCollection<ObjectResult> results)
    {
        var generation = plan.App.Metadata.Generation;
        if (plan.App.Spec.Suspend == true)
            return Condition(generation, Conditions.ResourcesApplied, ConditionStatus.Unknown, Reasons.Suspended, "spec.suspend is true: objects are observed and not written");
        if (!world.Denied.IsEmpty)
            return Condition(generation, Conditions.ResourcesApplied, ConditionStatus.False, Reasons.Forbidden, string.Join("; ", world.Denied));
        var refused = results.Where(r => r.Refusal is not null).OrderBy(r => r.Refusal!.Reason == Reasons.WaitingForDeletion).ToList();
        if (refused.Count == 0)
        {
            return plan.LeftOut.IsEmpty
                ? Condition(generation, Conditions.ResourcesApplied, ConditionStatus.True, Reasons.Applied, "every object is as planned")
                : Condition(generation, Conditions.ResourcesApplied, ConditionStatus.True, Reasons.NotAllServed,
                    $"the cluster does not serve {string.Join(" and ", plan.LeftOut.Select(r => $"{r.Kind} ({r.ApiVersion})"))}, so there is none; every other object is as planned");
        }

        var first = refused[0];
        // Waiting for a deletion ends by itself; everything else needs somebody.
        var status = first.Refusal!.Reason == Reasons.WaitingForDeletion ? ConditionStatus.Unknown : ConditionStatus.False;
        var messages = refused.Select(r => About(r.Action.Service, r.Refusal!.Message)).Distinct(StringComparer.Ordinal).Take(5);
        return Condition(generation, Conditions.ResourcesApplied, status, first.Refusal.Reason, string.Join("; ", messages));
    }

    internal static AppCondition Available(ImmutableArray<ServiceState> services, long generation)
    {
        var failing = services.FirstOrDefault(s => s.State is ServicePhase.Degraded or ServicePhase.Stalled);
        if (failing is not null)
            return Condition(generation, Conditions.ServicesAvailable, ConditionStatus.False, failing.Reason!, About(failing.Name, failing.Message!));
        var underway = services.FirstOrDefault(s => s.State is ServicePhase.Waiting or ServicePhase.Progressing);
        if (underway is null)
            return Condition(generation, Conditions.ServicesAvailable, ConditionStatus.True, Reasons.AllActive, "every service is Active");
        // A service that waits for an object that could not be written is told in ResourcesApplied.
        var reason = underway.Reason is Reasons.WaitingForDependency or Reasons.WaitingForDeletion ? underway.Reason : Reasons.RollingOut;
        return Condition(generation, Conditions.ServicesAvailable, ConditionStatus.Unknown, reason, About(underway.Name, underway.Message!));
    }

    internal static string About(string service, string message) => service.Length == 0 ? message : $"{service}: {message}";
}
