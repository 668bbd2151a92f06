using System.Collections.Immutable;

namespace Fleet.Cli;

/// <summary>Rows in columns, two blanks apart, as kubectl prints them: for eyes, grep and awk alike.</summary>
internal static class Table
{
    private const int Gap = 2;

    /// <summary>The heading and the rows.</summary>
    /// <param name="header">The columns' names.</param>
    /// <param name="rows">One cell per column; an empty cell is written as <c>-</c>, so that columns can be counted.</param>
    internal static IEnumerable<Line> Of(string[] header, IEnumerable<Span[]> rows)
    {
        Span[][] all = [[.. header.Select(h => new Span(h, Tone.Quiet))], .. rows.Select(r => r.Select(c => c.Text is null or "" ? new Span("-", Tone.Quiet) : c).ToArray())];
        var widths = Enumerable.Range(0, header.Length).Select(i => all.Max(row => row[i].Text.Length)).ToArray();
        return all.Select(row => new Line([.. row.Select((cell, i) => i == row.Length - 1 ? cell : new(cell.Text.PadRight(widths[i] + Gap), cell.Tone))]));
    }
}
