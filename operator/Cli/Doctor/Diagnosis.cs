using System.Collections.Immutable;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>
/// Finds why an app is not Ready. What makes everything else meaningless is asked first: is the status about this spec, is the spec valid, may anything be
/// written; then what the objects, the services and the routes suffer from. Pure.
/// </summary>
internal static class Diagnosis
{
    // The objects' own findings tell these; the services that lack the objects only wait.
    private static readonly string[] ToldOfObjects =
        [Reasons.ApplyFailed, Reasons.Forbidden, Reasons.QuotaExceeded, Reasons.NameConflict, Reasons.SecretNotFound, Reasons.WaitingForDeletion];

    /// <summary>All causes, the one to begin with first; none when the app is Ready.</summary>
    internal static ImmutableArray<Finding> Of(Facts facts)
    {
        if (OperatorCauses.OfApp(facts) is { } first)
            return [first];
        var ready = facts.Condition(Conditions.Ready);
        if (ready?.Status == ConditionStatus.True)
            return [];
        if (OperatorCauses.Stopped(facts) is { } stopped)
            return [stopped];
        if (facts.Condition(Conditions.Accepted) is { Status: ConditionStatus.False } refused)
            return [SpecCauses.Refused(facts, refused)];

        var found = new List<Finding>();
        if (facts.App.Spec.Suspend == true)
            found.Add(SpecCauses.Suspended(facts));
        if (facts.Condition(Conditions.ResourcesApplied) is { Status: not ConditionStatus.True, Reason: not Reasons.Suspended } applied)
            found.AddRange(ObjectCauses.Of(facts, applied));
        found.AddRange(Services(facts, found));
        if (found.Count == 0 && facts.Condition(Conditions.RoutesProgrammed) is { Status: not ConditionStatus.True } routes)
            found.Add(Routes(facts, General(facts, routes)));
        if (found.Count == 0 && ready is not null)
            found.Add(General(facts, ready));
        return [.. found.OrderBy(f => f.MayPass)];
    }

    /// <summary>What a condition says, with what conditions.md says about its reason.</summary>
    internal static Finding General(Facts facts, AppCondition condition) => new(condition.Reason, Subject(condition).Name, Words.WithoutAdvice(Subject(condition).What), FixOf(facts, condition.Reason))
    {
        MayPass = condition.Status == ConditionStatus.Unknown,
    };

    /// <summary>What conditions.md advises; where it has no advice, to wait.</summary>
    internal static string FixOf(Facts facts, string reason) =>
        Catalogue.Own.Fix(reason) is { Length: > 0 } fix ? fix : $"wait for it: {facts.Program} wait {facts.Name} -n {facts.Namespace} --timeout 5m";

    // The service runs as far as its Deployment goes, and yet no replica of it can be sent to.
    private static Finding Routes(Facts facts, Finding general) => general.Reason == Reasons.BackendsUnavailable
        ? general with { Next = $"see why its pods are not ready: {facts.Kubectl} describe pods -l {Keys.App}={facts.Name},{Keys.Service}={general.Subject}" } : general;

    // A message that is about a service begins with its name.
    private static (string Name, string What) Subject(AppCondition condition) =>
        condition.Message.Split(": ", 2) is [var name, var what] && !name.Contains(' ', StringComparison.Ordinal) ? (name, what) : (condition.Type, condition.Message);

    private static IEnumerable<Finding> Services(Facts facts, List<Finding> ofObjects)
    {
        var roots = new List<(string Root, ImmutableArray<string> Path)>();
        foreach (var service in facts.Services.Where(s => s.State is not (ServicePhase.Active or ServicePhase.Inactive)))
        {
            var path = WaitChain.From(facts, service.Name);
            roots.Add((path[^1], path));
        }

        foreach (var root in roots.GroupBy(r => r.Root, StringComparer.Ordinal))
        {
            var longest = root.MaxBy(r => r.Path.Length).Path;
            var row = facts.Services.First(s => s.Name == root.Key);
            var overdue = root.Any(r => facts.Services.First(s => s.Name == r.Path[0]).State == ServicePhase.Stalled);
            var told = ofObjects.FindIndex(f => f.Subject == root.Key);
            if (told >= 0)
                ofObjects[told] = ofObjects[told] with { Waiting = longest[..^1] };
            else if (!ToldOfObjects.Contains(row.Reason, StringComparer.Ordinal) || ofObjects.Count == 0)
                yield return ServiceCauses.Of(facts, row, overdue) with { Waiting = longest[..^1] };
        }
    }
}
