namespace Fleet.Apps;

/// <summary>What somebody wrote, as it can be shown.</summary>
public static class Excerpt
{
    /// <summary>The text, or as much of it as fits before three dots: never half of a character beyond 16 bits, which no JSON could hold.</summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">How long it may be, in UTF-16 units, the dots included.</param>
    public static string Of(string text, int longest)
    {
        if (text.Length <= longest)
            return text;
        var end = longest - 3;
        return $"{text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)]}...";
    }

    /// <summary>The text, shortened, in one line of a terminal or a status.</summary>
    internal static string Line(string text) => string.Concat(Of(text, 60).Select(c => char.IsControl(c) ? ' ' : c));
}
