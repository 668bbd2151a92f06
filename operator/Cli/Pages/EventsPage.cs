using System.Globalization;

namespace Fleet.Cli;

/// <summary>What <c>fleet events</c> shows: the oldest first, so that it reads as a story.</summary>
internal static class EventsPage
{
    private static readonly string[] Columns = ["LAST SEEN", "TYPE", "COUNT", "REASON", "OBJECT", "MESSAGE"];

    // Where lines come one by one nobody knows how wide the next will be; these hold the usual ones.
    private static readonly int[] Widths = [20, 7, 5, 17, 36];

    /// <summary>In the order in which they were last seen; of the same moment by name, so that two runs agree.</summary>
    internal static IEnumerable<AppEvent> InOrder(IEnumerable<AppEvent> events) =>
        events.OrderBy(e => e.Last).ThenBy(e => e.Source.Metadata.Name, StringComparer.Ordinal);

    /// <summary>A table of them.</summary>
    internal static IEnumerable<Line> Of(IEnumerable<AppEvent> events) => Table.Of(Columns, InOrder(events).Select(Cells));

    /// <summary>One of them as a line, for output that goes on.</summary>
    internal static Line LineOf(AppEvent happening) =>
        Line.Of([.. Cells(happening).Select((cell, i) => i < Widths.Length ? new Span(cell.Text.PadRight(Widths[i]) + "  ", cell.Tone) : cell)]);

    private static Span[] Cells(AppEvent e) =>
    [
        e.Last.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        new(e.IsWarning ? "Warning" : "Normal", e.IsWarning ? Tone.Bad : Tone.Plain), e.Count.ToString(CultureInfo.InvariantCulture), e.Reason, $"{e.Kind}/{e.Name}", e.Note.Trim(),
    ];
}
