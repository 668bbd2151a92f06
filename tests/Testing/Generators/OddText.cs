namespace Fleet.Testing;

/// <summary>Texts as people and programs come to write them, from plain to strange.</summary>
internal static class OddText
{
    private static readonly string[] Samples =
    [
        "", "a", "value", "true", "null", "~", "0", "007", "1e3", "0x1F", "-", "--- ", "- a", "a: b", "# no comment", "{}", "[", "$(PORT)", "$$(A)", " a ", "a\nb\n", "\ttab\t", "\r\n",
        "it's", "\"quoted\"", "back\\slash", "\u0000", "\u0007", "\u001b[31m", "\u007f", "\u0085", "\u00a0", "\u200b", "\u202e", "\u2028", "\ufeff", "\uffff", "\ud83d\ude80",
        "e\u0301", "\u00e9", "\u0130i", "\u4e2d\u6587", "\u05e9\u05dc\u05d5\u05dd", "null\u0000byte", "../../etc", "%s%n", "<script>", "yes", "on", "=", "<<", "&a", "*a", "!!binary x", "1_000",
        "2001-12-14t21:59:43Z", "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67", ".", "..", "a,b", "0o17", ".inf", "NaN", "\\u0000",
    ];

    /// <summary>A text of so many characters.</summary>
    internal static string Of(Dice dice, int least, int most)
    {
        var text = dice.One(Samples);
        if (dice.Chance(0.02))
            text = string.Concat(Enumerable.Repeat(text.Length == 0 ? "x" : text, dice.Between(1, 300)));
        while (text.EnumerateRunes().Count() < least)
            text += dice.One(Samples);
        return string.Concat(text.EnumerateRunes().Take(most));
    }
}
