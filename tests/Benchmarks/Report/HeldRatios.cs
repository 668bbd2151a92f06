using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

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
    // Two runs in a row hold what one of many figures was kept from by something else on the machine.
    private const int Runs = 3;

    /// <summary>Whether no figure is worse than it may be. The families of those that are run again, twice at most: what became slower is slower every time.</summary>
    /// <param name="first">What the first run measured.</param>
    /// <param name="families">The names of the families that it ran.</param>
    /// <param name="measure">Runs some families again.</param>
    /// <param name="report">Is told what is worse.</param>
    public async Task<bool> AreKeptAsync(
        IReadOnlyList<Row> first, IReadOnlyCollection<string> families, Func<IReadOnlyCollection<string>, Task<IReadOnlyList<Row>>> measure, TextWriter report)
    {
        var held = Read();
        var missing = held.Keys.Where(k => families.Contains(FamilyOf(k))).Except(first.Select(r => r.Key)).ToList();
        missing.ForEach(m => report.WriteLine($"worse: {m}: was not measured"));
        // What nothing is held to would pass whatever it measured.
        foreach (var family in families.Where(f => !held.Keys.Any(k => FamilyOf(k) == f)))
        {
            missing.Add(family);
            report.WriteLine($"worse: {family}: no ratio is held in {file}: ./bench {family} --quick --record 5");
        }

        var worse = Worse(held, first);
        for (var run = 1; ; run++)
        {
            foreach (var (key, why) in worse)
                report.WriteLine($"worse: {key}: {why}");
            if (worse.Count == 0 || run == Runs)
                return worse.Count == 0 && missing.Count == 0;
            report.WriteLine($"once more, run {run + 1} of {Runs}");
            var again = Worse(held, await measure([.. worse.Keys.Select(FamilyOf).Distinct()]));
            worse = again.Where(w => worse.ContainsKey(w.Key)).ToDictionary();
        }
    }

    /// <summary>Takes what several runs measured as what is held from now on; rows of families that did not run stay.</summary>
    public void Record(IReadOnlyList<IReadOnlyList<Row>> runs, IReadOnlyCollection<string> families)
    {
        var held = new SortedDictionary<string, HeldRatio>(
            Read().Where(h => !families.Contains(FamilyOf(h.Key))).ToDictionary(), StringComparer.Ordinal);
        foreach (var of in runs.SelectMany(r => r).Where(r => r.Ratio is not null).GroupBy(r => r.Key, r => r.Ratio!.Value))
        {
            var ratios = of.Order().ToList();
            var median = ratios[ratios.Count / 2];
            held[of.Key] = new(Math.Round(median, 3), Math.Round(Math.Max(0.1, 2 * (ratios[^1] - ratios[0]) / median), 2));
        }

        File.WriteAllText(file, JsonSerializer.Serialize(held, HeldJson.Default.SortedDictionaryStringHeldRatio) + "\n");
    }

    private static Dictionary<string, string> Worse(SortedDictionary<string, HeldRatio> held, IReadOnlyList<Row> rows)
    {
        var worse = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (row is { Unit: Units.Count, Met: false })
                worse[row.Key] = string.Create(CultureInfo.InvariantCulture, $"{row.Ours:0.##}, and {row.Target!.Value.Text(row.Unit)} is the target");
            if (row.Ratio is not { } ratio || !held.TryGetValue(row.Key, out var was))
                continue;
            var bound = row.MoreIsBetter ? was.Ratio / (1 + was.Noise) : was.Ratio * (1 + was.Noise);
            if (row.MoreIsBetter ? ratio < bound : ratio > bound)
                worse[row.Key] = string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} x, held to {was.Ratio:0.00} x within {100 * was.Noise:0} %, that is {bound:0.00} x");
        }

        return worse;
    }

    private static string FamilyOf(string key) => key[..key.IndexOf(':', StringComparison.Ordinal)];

    private SortedDictionary<string, HeldRatio> Read() => File.Exists(file)
        ? JsonSerializer.Deserialize(File.ReadAllText(file), HeldJson.Default.SortedDictionaryStringHeldRatio) ?? []
        : [];
}

/// <summary>The JSON of <c>ratios.json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NewLine = "\n")]
[JsonSerializable(typeof(SortedDictionary<string, HeldRatio>))]
internal sealed partial class HeldJson : JsonSerializerContext;
