using System.Collections.Concurrent;
using System.Text;
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
    public static bool Matches(string pattern, string text) =>
        Compiled.GetOrAdd(pattern, static p => new(Translated(p), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)).IsMatch(text);

    // RE2's $ is the end of the text; .NET's would let one line feed follow. RE2's classes by letter are those of ASCII, and \v is no blank.
    private static string Translated(string pattern)
    {
        var text = new StringBuilder();
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                var escaped = pattern[++i];
                text.Append(Members(escaped) is not { } members ? $@"\{escaped}" : inClass ? members : $"[{members}]");
                continue;
            }

            text.Append(c == '$' && !inClass ? @"\z" : $"{c}");
            inClass = inClass ? c != ']' : c == '[';
        }

        return text.ToString();
    }

    private static string? Members(char escaped) => escaped switch
    {
        's' => @"\t\n\f\r ",
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        _ => null,
    };
}
