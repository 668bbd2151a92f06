using System.Globalization;
using System.Text;

namespace Fleet.Benchmarks.Report;

/// <summary>Results as Markdown: a table for each family.</summary>
internal static class MarkdownReport
{
    /// <summary>The tables, each under a heading of its family.</summary>
    public static string Of(Results results)
    {
        var text = new StringBuilder(Origin(results)).Append('\n');
        foreach (var family in results.Rows.GroupBy(r => r.Family))
            text.Append(CultureInfo.InvariantCulture, $"\n## {family.Key}\n\n{Table([.. family])}");
        return text.ToString();
    }

    /// <summary>When and where it was measured, in a line.</summary>
    public static string Origin(Results results) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(results.Quick ? "A quick run" : "Run")} of {results.Day:yyyy-MM-dd} on {results.Machine}.{(results.Kubernetes is { } version ? $" Kubernetes {version}." : "")}");

    /// <summary>One table.</summary>
    public static string Table(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder("| what | ours | beside | ratio | target |\n|---|--:|--:|--:|---|\n");
        foreach (var row in rows)
        {
            var beside = row.Other is { } other ? $"{row.OtherName} {Figure(other, row.Unit)}" : "";
            var ratio = row.Ratio is { } r ? string.Create(CultureInfo.InvariantCulture, $"{r:0.00} ×") : "";
            var target = row.Target is { } t ? $"{t.Text(row.Unit)} {(row.Met == true ? "met" : "**not met**")}" : "";
            text.Append(CultureInfo.InvariantCulture, $"| {row.Group}: {row.What} | {Figure(row.Ours, row.Unit)} | {beside} | {ratio} | {target} |\n");
        }

        return text.ToString();
    }

    private static string Figure(double value, string unit) => string.Create(
        CultureInfo.InvariantCulture, $"{value.ToString(Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture)} {unit}").TrimEnd();
}
