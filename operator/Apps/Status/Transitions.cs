namespace Fleet.Apps;

/// <summary>Something that is told once, as an Event.</summary>
/// <param name="Warning">Whether somebody may have to do something.</param>
/// <param name="Reason">One CamelCase word.</param>
/// <param name="Action">What was done or seen, one CamelCase word.</param>
/// <param name="Note">For people.</param>
public sealed record Happening(bool Warning, string Reason, string Action, string Note);

/// <summary>What is worth an Event between two statuses: changes of state, each once per cause.</summary>
public static class Transitions
{
    /// <summary>Lists them in the order of the table, the app last.</summary>
    public static IEnumerable<Happening> Between(AppStatus? before, AppStatus after)
    {
        foreach (var row in after.Services)
        {
            var was = before?.Services.FirstOrDefault(s => s.Name == row.Name);
            if (was?.State == row.State && was.Reason == row.Reason)
                continue;
            if (row.State is ServicePhase.Degraded or ServicePhase.Stalled)
                yield return new(true, row.Reason!, row.State.ToString(), $"{row.Name}: {row.Message}");
            else if (row.State is ServicePhase.Active or ServicePhase.Inactive && was?.State != row.State)
                yield return new(false, row.State.ToString(), row.State.ToString(), $"{row.Name} is {row.State}");
        }

        // What a service's own row says already is not said again by the app.
        foreach (var type in (string[])[Conditions.Accepted, Conditions.ResourcesApplied, Conditions.RoutesProgrammed, Conditions.Ready])
        {
            var now = after.Conditions.FirstOrDefault(c => c.Type == type);
            var was = before?.Conditions.FirstOrDefault(c => c.Type == type);
            if (now is null || (was?.Status == now.Status && was.Reason == now.Reason))
                continue;
            if (now.Status == ConditionStatus.False && type != Conditions.Ready && now.Reason != Reasons.BackendsUnavailable)
                yield return new(true, now.Reason, type, now.Message);
            else if (now.Status == ConditionStatus.True && type == Conditions.Ready)
                yield return new(false, now.Reason, type, now.Message);
        }
    }
}
