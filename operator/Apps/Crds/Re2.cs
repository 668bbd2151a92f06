using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Fleet.Apps;

/// <summary>The patterns of schemas, which servers read as RE2.</summary>
public static class Re2
{
    private static readonly ConcurrentDictionary<string, Regex> Compiled = new(StringComparer.Ordinal);

    /// <summary>Whether a text matches. The time is linear in the text.</summary>
    /// <param name="pattern">A regular expression of the subset that RE2 and .NET read alike.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The pattern is none.</exception>
    /// <exception cref="NotSupportedException">The pattern is beyond RE2: it looks around or refers back.</exception>
    // RE2's $ is the end of the text; .NET's would let one line feed follow.
    public static bool Matches(string pattern, string text) => Compiled.GetOrAdd(pattern, static p =>
        new(p.EndsWith('$') ? $@"{p[..^1]}\z" : p, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)).IsMatch(text);
}
