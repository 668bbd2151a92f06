using Spectre.Console;
using Spectre.Console.Rendering;

namespace Fleet.Cli;

/// <summary>A terminal, which Spectre.Console knows: its colours, NO_COLOR, its size. In a class of its own, since loading it takes longer than most commands.</summary>
internal static class TerminalScreen
{
    internal static void Write(IEnumerable<Line> lines)
    {
        foreach (var line in lines)
            AnsiConsole.Write(Of(line).Append("\n"));
    }

    internal static Task ShowAsync(Func<Action<IReadOnlyList<Line>>, Task> source) =>
        AnsiConsole.Live(new Text("")).Overflow(VerticalOverflow.Ellipsis).StartAsync(live => source(lines => live.UpdateTarget(new Rows(lines.Select(IRenderable (line) => Of(line))))));

    private static Paragraph Of(Line line)
    {
        var text = new Paragraph();
        if (line.Spans.IsEmpty)
            text.Append(" "); // an empty paragraph takes no line
        foreach (var span in line.Spans)
            text.Append(span.Text, StyleOf(span.Tone));
        return text;
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Quiet => new(decoration: Decoration.Dim),
        Tone.Good => new(Color.Green),
        Tone.Busy => new(Color.Yellow),
        Tone.Bad => new(Color.Red, decoration: Decoration.Bold),
        _ => Style.Plain,
    };
}
