using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Fleet.Cli;

/// <summary>What each reason means and what to do about it in general: the tables of operator/docs/conditions.md, which is a part of this program.</summary>
internal sealed partial class Catalogue
{
    private readonly ImmutableDictionary<string, (string Meaning, string Fix)> _entries;

    private Catalogue(ImmutableDictionary<string, (string Meaning, string Fix)> entries) => _entries = entries;

    /// <summary>The one of this program.</summary>
    internal static Catalogue Own { get; } = Load();

    /// <summary>The reasons that have an entry.</summary>
    internal IEnumerable<string> Reasons => _entries.Keys;

    /// <summary>What a reason means; null for one that is not in it.</summary>
    internal string? Meaning(string reason) => _entries.GetValueOrDefault(reason).Meaning;

    /// <summary>What to do about a reason; null for one that is not in it, empty where nothing is to be done.</summary>
    internal string? Fix(string reason) => _entries.GetValueOrDefault(reason).Fix;

    /// <summary>Reads the tables: rows with a reason in backquotes, what it means, and what to do.</summary>
    /// <param name="markdown">The page's text. Of two rows about one reason the first counts.</param>
    internal static Catalogue Parse(string markdown) => new(markdown.ReplaceLineEndings("\n").Split('\n').Select(Cells)
        .Where(cells => cells.Length >= 3 && Reason().IsMatch(cells[^3]))
        .GroupBy(cells => cells[^3].Trim('`'), StringComparer.Ordinal)
        .ToImmutableDictionary(g => g.Key, g => (g.First()[^2], g.First()[^1]), StringComparer.Ordinal));

    private static string[] Cells(string line) => line.StartsWith('|') && line.EndsWith('|') ? [.. line[1..^1].Split('|').Select(c => c.Trim())] : [];

    private static Catalogue Load()
    {
        using var page = typeof(Catalogue).Assembly.GetManifestResourceStream("conditions.md") ?? throw new InvalidOperationException("conditions.md is not in the program");
        using var text = new StreamReader(page);
        return Parse(text.ReadToEnd());
    }

    [GeneratedRegex("^`[A-Za-z]+`$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reason();
}
