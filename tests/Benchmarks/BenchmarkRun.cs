using System.Globalization;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;

namespace Fleet.Benchmarks;

/// <summary>One run of the families asked for.</summary>
/// <param name="quick">Whether it is to take minutes instead of what good figures need.</param>
/// <param name="progress">Where it tells what it is at.</param>
internal sealed class BenchmarkRun(bool quick, TextWriter progress)
{
    private readonly List<Row> _rows = [];

    /// <summary>Whether it is to take minutes instead of what good figures need.</summary>
    public bool Quick { get; } = quick;

    /// <summary>The version of the Kubernetes that was used, once one was.</summary>
    public string? Kubernetes { get; set; }

    /// <summary>Runs families one after the other.</summary>
    /// <exception cref="UnavailableException">What one needs cannot be had on this machine.</exception>
    public static async Task<Results> MeasureAsync(IReadOnlyList<IFamily> families, bool quick, TextWriter progress, CancellationToken stop)
    {
        var run = new BenchmarkRun(quick, progress);
        foreach (var family in families)
        {
            run.Tell($"=== {family.Name}");
            await family.RunAsync(run, stop);
        }

        return new(Machine.Describe(), run.Kubernetes, quick, DateOnly.FromDateTime(DateTime.UtcNow), run._rows);
    }

    /// <summary>Takes down a row.</summary>
    public void Add(Row row)
    {
        if (_rows.Any(r => r.Key == row.Key))
            throw new ArgumentException($"{row.Key} was measured twice", nameof(row));
        _rows.Add(row);
        var beside = row.Ratio is { } ratio ? string.Create(CultureInfo.InvariantCulture, $" ({row.OtherName}: {row.Other:0.##} {row.Unit}, {ratio:0.00} x)") : "";
        Tell(string.Create(CultureInfo.InvariantCulture, $"  {row.Group}: {row.What}: {row.Ours:0.##} {row.Unit}{beside}"));
    }

    /// <summary>Says what it is at.</summary>
    public void Tell(string what) => progress.WriteLine(what);
}
