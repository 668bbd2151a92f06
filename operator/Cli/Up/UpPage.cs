using System.Globalization;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>A service of an app as it runs on this machine.</summary>
/// <param name="Url">Where it is reached; null while it is not.</param>
/// <param name="Restarts">How often its processes were restarted.</param>
/// <param name="Cpu">The share of processors: 1 is one, busy all the time.</param>
/// <param name="Memory">Resident bytes.</param>
internal sealed record LocalService(Uri? Url, int Restarts, double Cpu, long Memory);

/// <summary>What <c>fleet up</c> shows: the documented table, with what is known only where the processes are.</summary>
internal static class UpPage
{
    private static readonly string[] Columns = ["NAME", "PORT", "PROTOCOL", "STATUS", "READY", "RESTARTS", "CPU", "MEMORY", "URL"];

    /// <summary>The table, and under it what is worth a word.</summary>
    /// <param name="apps">The apps.</param>
    /// <param name="locals">What is known of a service, by app and service.</param>
    internal static IEnumerable<Line> Of(IReadOnlyList<MicroserviceApp> apps, Func<MicroserviceApp, ServiceState, LocalService> locals)
    {
        foreach (var (i, app) in apps.Index())
        {
            if (i > 0)
                yield return Line.Empty;
            if (apps.Count > 1)
                yield return Line.Of(new Span($"{app.Metadata.Namespace}/{app.Metadata.Name}", Tone.Quiet));
            foreach (var line in Table.Of(Columns, (app.Status?.Services ?? []).Select(s => Cells(s, locals(app, s)))))
                yield return line;
            foreach (var remark in StatusRemarks.Of(app))
                yield return remark;
        }
    }

    /// <summary>What of the page is news: all but what moves by itself.</summary>
    internal static string Key(IReadOnlyList<MicroserviceApp> apps, Func<MicroserviceApp, ServiceState, LocalService> locals) =>
        string.Concat(Of(apps, (app, s) => locals(app, s) with { Cpu = 0, Memory = 0 }).Select(line => $"{line}\n"));

    /// <summary>Whether every service of every app is Active, or Inactive as it should be.</summary>
    internal static bool IsUp(IReadOnlyList<MicroserviceApp> apps) => apps.Count > 0 && apps.All(a =>
        a.Status is { Services.Count: > 0 } status && status.ObservedGeneration == a.Metadata.Generation && status.Conditions.Any(c => c is { Type: Conditions.Ready, Status: ConditionStatus.True }));

    /// <summary>Whether something is wrong that will not come right by waiting.</summary>
    internal static bool IsStuck(IReadOnlyList<MicroserviceApp> apps) => apps.Any(a =>
        a.Status is { } status && status.ObservedGeneration == a.Metadata.Generation && status.Conditions.Any(c => c is { Type: Conditions.Ready, Status: ConditionStatus.False }));

    /// <summary>What is waited for, in a line.</summary>
    internal static string Waits(IReadOnlyList<MicroserviceApp> apps)
    {
        var waiting = apps.SelectMany(a => a.Status?.Services ?? []).Where(s => s.State is not (ServicePhase.Active or ServicePhase.Inactive))
            .Select(s => string.IsNullOrEmpty(s.Message) ? $"{s.Name} ({s.State})" : $"{s.Name} ({s.State}: {s.Message})").ToArray();
        return waiting.Length == 0 ? "waiting for the operator" : $"waiting for {string.Join(", ", waiting)}";
    }

    private static Span[] Cells(ServiceState s, LocalService local) =>
    [
        .. StatusPage.Cells(s),
        new($"{local.Restarts}", local.Restarts > 0 ? Tone.Busy : Tone.Plain),
        local.Cpu.ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal),
        $"{local.Memory >> 20} MiB",
        local.Url?.ToString().TrimEnd('/') ?? "",
    ];
}
