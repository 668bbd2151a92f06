using System.Text.RegularExpressions;
using Fleet.Testing;

namespace Fleet.Benchmarks.Report;

/// <summary><c>operator/docs/performance.md</c>: what is written there by hand stays; between the marks <c>results FAMILY</c> and <c>end</c> stand the tables of the run that was published last.</summary>
internal static partial class PerformancePage
{
    /// <summary>Puts a run into the page, and its plots beside it; families that did not run stay as they are.</summary>
    public static async Task UpdateAsync(Results results, CancellationToken stop)
    {
        var folder = RepositoryRoot.Combine("operator", "docs");
        var page = Path.Combine(folder, "performance.md");
        var text = Section().Replace(await File.ReadAllTextAsync(page, stop), section =>
        {
            var family = section.Groups["family"].Value;
            var rows = results.Rows.Where(r => r.Family == family).ToList();
            return rows.Count == 0 ? section.Value
                : $"<!-- results {family} -->\n{MarkdownReport.Origin(results)}\n\n![{family}, ours as a multiple of the other](performance/{family}.svg)\n\n{MarkdownReport.Table(rows)}<!-- end -->";
        });
        await File.WriteAllTextAsync(page, text, stop);
        Plots.Write(results, Directory.CreateDirectory(Path.Combine(folder, "performance")).FullName);
    }

    [GeneratedRegex("<!-- results (?<family>[a-z]+) -->.*?<!-- end -->", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Section();
}
