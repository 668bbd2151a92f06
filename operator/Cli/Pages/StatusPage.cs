using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>What <c>fleet status</c> shows, made from the status alone.</summary>
internal static class StatusPage
{
    private static readonly string[] AppColumns = ["NAME", "READY", "STATUS", "URL"];
    private static readonly string[] ServiceColumns = ["NAME", "PORT", "PROTOCOL", "STATUS", "READY"]; // the documented table

    /// <summary>A table of apps.</summary>
    /// <param name="apps">The apps, in order.</param>
    /// <param name="withNamespace">Whether they are of several namespaces.</param>
    internal static IEnumerable<Line> OfApps(IEnumerable<MicroserviceApp> apps, bool withNamespace) => Table.Of(
        [.. withNamespace ? ["NAMESPACE"] : Array.Empty<string>(), .. AppColumns],
        apps.Select(app => (Span[])[.. withNamespace ? [app.Metadata.Namespace ?? ""] : Array.Empty<Span>(), .. Cells(app)]));

    /// <summary>One app: its line, its services as the documented table, and below them everything that is worth a word.</summary>
    internal static IEnumerable<Line> OfApp(MicroserviceApp app)
    {
        IReadOnlyList<ServiceState> services = app.Status?.Services ?? [];
        IReadOnlyList<Line> remarks = [.. StatusRemarks.Of(app)];
        return
        [
            .. OfApps([app], withNamespace: false),
            .. services.Count > 0 ? [Line.Empty, .. Table.Of(ServiceColumns, services.Select(Cells))] : Array.Empty<Line>(),
            .. remarks.Count > 0 ? [Line.Empty, .. remarks] : Array.Empty<Line>(),
        ];
    }

    private static Span[] Cells(MicroserviceApp app)
    {
        var ready = app.Status?.Conditions.FirstOrDefault(c => c.Type == Conditions.Ready);
        return [app.Metadata.Name, app.Status?.Ready ?? "", new(ready?.Reason ?? "", ToneOf(ready?.Status)), app.Status?.Url ?? ""];
    }

    /// <summary>A service as a row of the documented table.</summary>
    internal static Span[] Cells(ServiceState s) =>
        [s.Name, $"{s.Port}", NameOf(s.Protocol), new(s.State.ToString(), ToneOf(s.State)), $"{s.Replicas.Ready}/{s.Replicas.Desired}"];

    // As the spec and the status write it.
    private static string NameOf(ServiceProtocol protocol) => protocol switch
    {
        ServiceProtocol.HttpRest => "HTTP/REST",
        ServiceProtocol.Grpc => "gRPC",
        _ => "HTTP",
    };

    /// <summary>What a condition's status means; null is that of no condition.</summary>
    internal static Tone ToneOf(ConditionStatus? status) => status switch
    {
        ConditionStatus.True => Tone.Good,
        ConditionStatus.False => Tone.Bad,
        ConditionStatus.Unknown => Tone.Busy,
        _ => Tone.Quiet,
    };

    /// <summary>What a service's state means.</summary>
    internal static Tone ToneOf(ServicePhase phase) => phase switch
    {
        ServicePhase.Active => Tone.Good,
        ServicePhase.Waiting or ServicePhase.Progressing => Tone.Busy,
        ServicePhase.Degraded or ServicePhase.Stalled => Tone.Bad,
        _ => Tone.Quiet,
    };
}
