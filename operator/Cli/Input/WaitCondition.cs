using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>What <c>fleet wait</c> waits for: a condition with a status, for the newest generation.</summary>
/// <param name="Type">The condition's type.</param>
/// <param name="Status">The status it should have.</param>
internal sealed record WaitCondition(string Type, ConditionStatus Status)
{
    /// <summary>What is waited for when nothing is said.</summary>
    internal static readonly WaitCondition Ready = new(Conditions.Ready, ConditionStatus.True);

    private static readonly string[] Types =
    [
        Conditions.Ready, Conditions.Accepted, Conditions.ResourcesApplied, Conditions.ServicesAvailable, Conditions.RoutesProgrammed, Conditions.Reconciling, Conditions.Stalled,
    ];

    // kstatus: present only while they are true, so a status without them says that they are not.
    private static readonly string[] PresentWhileTrue = [Conditions.Reconciling, Conditions.Stalled];

    /// <summary>Reads <c>Ready</c>, <c>Ready=false</c> or, as kubectl has it, <c>condition=Ready</c>; case does not matter.</summary>
    /// <param name="text">The text.</param>
    /// <param name="condition">What it says.</param>
    /// <returns>What is wrong with it, or null.</returns>
    internal static string? Parse(string text, out WaitCondition condition)
    {
        const string prefix = "condition=";
        condition = Ready;
        var rest = text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? text[prefix.Length..] : text;
        var (wantedType, wantedStatus) = rest.Split('=', 2) is [var before, var after] ? (before, after) : (rest, nameof(ConditionStatus.True));
        if (Array.Find(Types, t => t.Equals(wantedType, StringComparison.OrdinalIgnoreCase)) is not { } type)
            return $"\"{wantedType}\" is no condition; there are {string.Join(", ", Types)}";
        if (Array.Find(Enum.GetNames<ConditionStatus>(), s => s.Equals(wantedStatus, StringComparison.OrdinalIgnoreCase)) is not { } status)
            return $"\"{wantedStatus}\" is no status of a condition; there are {string.Join(", ", Enum.GetNames<ConditionStatus>())}";
        condition = new(type, Enum.Parse<ConditionStatus>(status));
        return null;
    }

    /// <summary>Whether the app is there. What is said about an older generation does not count: a spec that was just changed is not Ready because the last one was.</summary>
    internal bool IsMet(MicroserviceApp app)
    {
        var generation = app.Metadata.Generation;
        if (app.Status is not { } status || status.ObservedGeneration < generation)
            return false;
        return Of(status) is { } condition
            ? condition.Status == Status && condition.ObservedGeneration >= generation
            : Status == ConditionStatus.False && PresentWhileTrue.Contains(Type);
    }

    /// <summary>How far the app is, for people.</summary>
    internal string Describe(MicroserviceApp app)
    {
        if (app.Unreadable is { } why)
            return $"another version wrote it: {why}";
        if (app.Status is not { } status)
            return "no operator has looked at it yet: does one run for this namespace (fleet run)?";
        if (status.ObservedGeneration < app.Metadata.Generation)
            return $"no operator has looked at generation {app.Metadata.Generation} yet; the status is about generation {status.ObservedGeneration}";
        if (Of(status) is not { } condition)
            return $"{Type} is not among the status' conditions";
        var generation = condition.ObservedGeneration < app.Metadata.Generation ? $", for generation {condition.ObservedGeneration}" : "";
        var reason = condition.Reason == Type ? "" : $"{condition.Reason}: ";
        return $"{Type} is {condition.Status}{generation}: {reason}{condition.Message}";
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Type}={Status}";

    private AppCondition? Of(AppStatus status) => status.Conditions.FirstOrDefault(c => c.Type == Type);
}
