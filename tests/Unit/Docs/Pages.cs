using System.Text.RegularExpressions;
using Fleet.Testing;

namespace Fleet.Unit.Docs;

/// <summary>The repository's pages in Markdown.</summary>
internal static partial class Pages
{
    private static readonly string[] NotOurs = ["bin", "obj", "dist", "node_modules", "TestResults"];

    /// <summary>All of them, by their paths below the root.</summary>
    internal static IReadOnlyList<string> All { get; } = [.. In(RepositoryRoot.Combine("."), "").Order(StringComparer.Ordinal)];

    /// <summary>The README and what is under operator/docs: what users read.</summary>
    internal static IEnumerable<string> OfUsers => All.Where(p => p == "README.md" || p.StartsWith("operator/docs/", StringComparison.Ordinal));

    /// <summary>A page's text.</summary>
    internal static string Read(string page) => File.ReadAllText(RepositoryRoot.Combine([.. page.Split('/')])).ReplaceLineEndings("\n");

    /// <summary>The blocks between fences, with the language that the first fence names.</summary>
    internal static IEnumerable<(string Language, string Text)> Blocks(string text) => Fenced().Matches(text).Select(m => (m.Groups["language"].Value, m.Groups["text"].Value));

    /// <summary>The text without what stands between fences.</summary>
    internal static string Prose(string text) => Fenced().Replace(text, "");

    /// <summary>All code of a page: blocks and what stands between backquotes.</summary>
    internal static IEnumerable<string> Code(string text) => [.. Blocks(text).Select(b => b.Text), .. Inline().Matches(Prose(text)).Select(m => m.Groups["code"].Value)];

    private static IEnumerable<string> In(string folder, string path) =>
    [
        .. Directory.GetFiles(folder, "*.md").Select(f => path + Path.GetFileName(f)),
        .. Directory.GetDirectories(folder).Where(d => !NotOurs.Contains(Path.GetFileName(d)) && !Path.GetFileName(d).StartsWith('.')).SelectMany(d => In(d, $"{path}{Path.GetFileName(d)}/")),
    ];

    [GeneratedRegex("^ *```(?<language>[a-z]*)[^\n]*\n(?<text>.*?)^ *```", RegexOptions.ExplicitCapture | RegexOptions.Singleline | RegexOptions.Multiline, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Fenced();

    [GeneratedRegex("`(?<code>[^`\n]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Inline();
}
