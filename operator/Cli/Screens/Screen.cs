namespace Fleet.Cli;

/// <summary>Where lines are shown: in colours on a terminal, plain anywhere else.</summary>
internal static class Screen
{
    /// <summary>Shows lines.</summary>
    internal static void Write(Call call, IEnumerable<Line> lines)
    {
        if (call.IsTerminal)
        {
            TerminalScreen.Write(lines);
            return;
        }

        foreach (var line in lines)
            call.Out.WriteLine(line);
    }

    /// <summary>Shows lines that change: redrawn in place on a terminal, else printed again each time, with an empty line between.</summary>
    internal static Task ShowAsync(Call call, Func<Action<IReadOnlyList<Line>>, Task> source)
    {
        if (call.IsTerminal)
            return TerminalScreen.ShowAsync(source);
        var last = "";
        return source(lines =>
        {
            var text = string.Concat(lines.Select(line => $"{line}\n"));
            if (text == last)
                return; // what has changed is not shown here
            call.Out.Write(last.Length == 0 ? text : $"\n{text}");
            call.Out.Flush();
            last = text;
        });
    }
}
