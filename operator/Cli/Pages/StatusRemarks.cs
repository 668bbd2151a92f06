using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>The lines below the table: each begins with one word in capitals, so that they can be looked for.</summary>
internal static class StatusRemarks
{
    internal static IEnumerable<Line> Of(MicroserviceApp app)
    {
        var services = app.Status?.Services ?? [];
        return
        [
            .. OfApp(app),
            .. services.Where(s => s.State is not (ServicePhase.Active or ServicePhase.Inactive) && s.Message is not null)
                .Select(s => Remark("MESSAGE", $"{s.Name}: {(s.Reason is null ? "" : $"{s.Reason}: ")}{s.Message}", s.State is ServicePhase.Degraded or ServicePhase.Stalled ? Tone.Bad : Tone.Busy)),
            .. services.Where(s => s.State == ServicePhase.Active && s.Message is not null).GroupBy(s => s.Message)
                .Select(g => Remark("NOTE", $"{string.Join(", ", g.Select(s => s.Name))}: {g.Key}", Tone.Quiet)),
            .. services.Where(s => s is { Public: true, Url: not null } && s.Name != Names.Gateway).Select(s => Remark("PUBLIC", $"{s.Name}: {s.Url} asks for no token", Tone.Busy)),
            .. Drift(app.Status?.Drift),
        ];
    }

    private static IEnumerable<Line> OfApp(MicroserviceApp app)
    {
        if (app.Unreadable is { } why)
            yield return Remark("MESSAGE", $"another version wrote it: {why}", Tone.Bad);
        else if (app.Status is null)
            yield return Remark("MESSAGE", "no operator has looked at it yet: does one run for this namespace (fleet run)?", Tone.Bad);
        else if (app.Status.ObservedGeneration < app.Metadata.Generation)
            yield return Remark("MESSAGE", $"all of this is about generation {app.Status.ObservedGeneration}; no operator has looked at generation {app.Metadata.Generation} yet", Tone.Busy);

        if (app.Metadata.DeletionTimestamp is not null)
            yield return Remark("MESSAGE", "it is being deleted", Tone.Busy);
        foreach (var condition in (app.Status?.Conditions ?? []).Where(c => c.Status != ConditionStatus.True && IsNews(c, app.Status!.Services)))
            yield return Remark("MESSAGE", $"{condition.Reason}: {condition.Message}", condition.Status == ConditionStatus.False ? Tone.Bad : Tone.Busy);
    }

    // What the lines of services say is not said again: why some are not available, and that routes wait for them.
    private static bool IsNews(AppCondition condition, IReadOnlyList<ServiceState> services) => condition.Type switch
    {
        Conditions.Accepted or Conditions.ResourcesApplied => true,
        Conditions.RoutesProgrammed => services.All(s => s.State is ServicePhase.Active or ServicePhase.Inactive),
        _ => false,
    };

    private static IEnumerable<Line> Drift(DriftStatus? drift)
    {
        if (drift is not { Count: > 0, Last: { } last })
            yield break;
        var what = last.Field is null ? "was deleted" : $"{last.Field} was changed{(last.Manager is null ? "" : $" by {last.Manager}")}";
        yield return Remark("DRIFT", $"{drift.Count} in all, last: {last.Object} {what} at {last.Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}", Tone.Quiet);
    }

    private static Line Remark(string word, string text, Tone tone) => Line.Of(new Span(word.PadRight(9), tone), text);
}
