namespace Fleet.Cli;

/// <summary>The lines in which two texts differ: what goes and what comes, in order.</summary>
internal static class TextDiff
{
    /// <summary>Beyond this many lines the common ones are not looked for: it would take longer than anybody reads.</summary>
    private const int MostLines = 2000;

    internal static IEnumerable<Line> Between(string before, string after)
    {
        var (old, now) = (before.TrimEnd('\n').Split('\n'), after.TrimEnd('\n').Split('\n'));
        if (old.Length > MostLines || now.Length > MostLines)
            return [Line.Of($"    {old.Length} lines -> {now.Length} lines")];

        // common[i, j]: how many lines old[i..] and now[j..] have in common, in order.
        var common = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var lines = new List<Line>();
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
                (i, j) = (i + 1, j + 1);
            else if (j == now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1]))
                lines.Add(Line.Of(new Span($"    - {old[i++]}", Tone.Bad)));
            else
                lines.Add(Line.Of(new Span($"    + {now[j++]}", Tone.Good)));
        }

        return lines;
    }
}
