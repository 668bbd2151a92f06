using System.Globalization;
using System.Text.Json;

namespace Fleet.Benchmarks.Report;

/// <summary>A ratio that a run is held to.</summary>
/// <param name="Ratio">The median of several runs.</param>
/// <param name="Noise">How far a run may be worse, as a part of the ratio: twice what the runs differed by, and a tenth at least.</param>
internal sealed record HeldRatio(double Ratio, double Noise);

/// <summary>
/// The committed ratios, <c>ratios.json</c>. Ratios, not times: both sides of one were measured in the same run on the same machine, so they say the same on another. Counts that
/// have a target are held to that.
/// </summary>
internal sealed class HeldRatios(string file)
{
    /// <summary>What is worse than it may be, a sentence each; empty when all is well.</summary>
    public IReadOnlyList<string> Worse(IReadOnlyList<Row> rows)
    {
        var held = Read();
        var worse = new List<string>();
        foreach (var row in rows)
        {
            if (row is { Unit: Units.Count, Met: false })
                worse.Add(string.Create(CultureInfo.InvariantCulture, $"{row.Key}: {row.Ours:0.##}, and {row.Target!.Value.Text(row.Unit)} is the target"));
            if (row.Ratio is not { } ratio || !held.TryGetValue(row.Key, out var was))
                continue;
            var bound = row.MoreIsBetter ? was.Ratio / (1 + was.Noise) : was.Ratio * (1 + was.Noise);
            if (row.MoreIsBetter ? ratio < bound : ratio > bound)
                worse.Add(string.Create(CultureInfo.InvariantCulture, $"{row.Key}: {ratio:0.00} x, held to {was.Ratio:0.00} x within {was.Noise:P0}, that is {bound:0.00} x"));
        }

        return worse;
    }

    /// <summary>The held rows that a run of the same families has not measured: a benchmark that vanished holds nothing.</summary>
    public IReadOnlyList<string> Missing(IReadOnlyList<Row> rows, IReadOnlyCollection<string> families)
    {
        var measured = rows.Select(r => r.Key).ToHashSet(StringComparer.Ordinal);
        return [.. Read().Keys.Where(k => families.Contains(k[..k.IndexOf(':', StringComparison.Ordinal)]) && !measured.Contains(k))];
    }

    /// <summary>Takes what several runs measured as what is held from now on; rows of families that did not run stay.</summary>
    public void Record(IReadOnlyList<IReadOnlyList<Row>> runs, IReadOnlyCollection<string> families)
    {
        var held = new SortedDictionary<string, HeldRatio>(
            Read().Where(h => !families.Contains(h.Key[..h.Key.IndexOf(':', StringComparison.Ordinal)])).ToDictionary(), StringComparer.Ordinal);
        foreach (var of in runs.SelectMany(r => r).Where(r => r.Ratio is not null).GroupBy(r => r.Key, r => r.Ratio!.Value))
        {
            var ratios = of.Order().ToList();
            var median = ratios[ratios.Count / 2];
            held[of.Key] = new(Math.Round(median, 3), Math.Round(Math.Max(0.1, 2 * (ratios[^1] - ratios[0]) / median), 2));
        }

        File.WriteAllText(file, JsonSerializer.Serialize(held, ReportJson.Default.SortedDictionaryStringHeldRatio) + "\n");
    }

    private SortedDictionary<string, HeldRatio> Read() => File.Exists(file)
        ? JsonSerializer.Deserialize(File.ReadAllText(file), ReportJson.Default.SortedDictionaryStringHeldRatio) ?? []
        : [];
}
