using System.Collections.Concurrent;
using System.Globalization;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Faults;

/// <summary>Runs seeds, several at once.</summary>
/// <remarks>
/// FLEET_FAULT_RUNS is the number of seeds, FLEET_FAULT_SEED the first of them, or, without a number, the only one. FLEET_FAULT_REPORT is a file that gets a line for each
/// run as it ends.
/// </remarks>
internal sealed class Storms(ControlPlane cluster, ApiClient api, ITestOutputHelper output)
{
    // Most of a run is waiting.
    private static readonly int AtOnce = 3 * Environment.ProcessorCount;

    // Of a run that took longer to converge it is told what it did meanwhile.
    private static readonly TimeSpan Outlier = TimeSpan.FromSeconds(10);

    // In so many runs every fault has its turn.
    private const int Enough = 100;

    private static readonly Lock Writing = new();

    private readonly ConcurrentQueue<StormResult> _results = new();
    private readonly ConcurrentQueue<string> _failures = new();

    /// <summary>The seeds to run; without a word from outside as many as said here, others each time.</summary>
    /// <param name="usual">How many.</param>
    /// <param name="share">Of a number from outside, one in so many.</param>
    public static IReadOnlyList<int> Seeds(int usual, int share = 1)
    {
        var first = Number("FLEET_FAULT_SEED");
        var count = Number("FLEET_FAULT_RUNS") is { } runs ? Math.Max(1, runs / share) : first is null ? usual : 1;
        return [.. Enumerable.Range(first ?? Random.Shared.Next(1_000_000), count)];
    }

    /// <summary>Runs them all, and fails when one does.</summary>
    /// <param name="seeds">Which.</param>
    /// <param name="test">The test, for the command that runs one of them again.</param>
    /// <param name="disturbance">Disturbs the control plane meanwhile; null when nothing does.</param>
    public async Task RunAsync(IReadOnlyList<int> seeds, string test, Disturbance? disturbance = null)
    {
        if (!FakeClock.IsThere)
            output.WriteLine("no libfaketime (tests/ControlPlane/faketime): no clock jumps");
        await using var reference = await ReferenceFleet.StartAsync(cluster, api);
        await Parallel.ForEachAsync(seeds, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, _) =>
        {
            try
            {
                var result = await StormRun.RunAsync(cluster, reference, Storm.Of(seed), disturbance);
                _results.Enqueue(result);
                var afterwards = result.Converged < Outlier ? "" : $"\n  {string.Join("\n  ", result.Afterwards)}";
                Report(string.Create(CultureInfo.InvariantCulture, $"took {result.Took.TotalSeconds:0} s, converged {result.Converged.TotalSeconds:0.0} s after the storm, {result.Writes} writes by {result.Writers.Count}, {result.Faults.Values.Sum()} faults: {result.Storm}{afterwards}"));
            }
#pragma warning disable CA1031 // every seed is run, and every failure told
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failures.Enqueue($"FLEET_FAULT_SEED={seed} ./test --system --filter {test}\n{e.Message}");
                Report($"FAILED: FLEET_FAULT_SEED={seed} ./test --system --filter {test}\n{e}");
            }
        });
        Summarize();
        if (!_failures.IsEmpty)
            throw new Xunit.Sdk.XunitException($"{_failures.Count} of {seeds.Count} runs failed:\n{string.Join("\n\n", _failures)}");
        if (seeds.Count >= Enough)
            Assert.Empty(Fault.All.Select(f => f.Name).Except(_results.SelectMany(r => r.Faults.Keys)));
    }

    private void Summarize()
    {
        foreach (var kind in _results.GroupBy(r => r.Storm.Kind).OrderBy(k => k.Key))
        {
            var times = kind.Select(r => r.Converged.TotalSeconds).Order().ToList();
            Report(string.Create(
                CultureInfo.InvariantCulture,
                $"{kind.Key}: {times.Count} runs; converged after the storm: median {times[times.Count / 2]:0.0} s, 95% within {times[(int)Math.Ceiling(0.95 * times.Count) - 1]:0.0} s, longest {times[^1]:0.0} s"));
        }

        Report($"faults: {string.Join(", ", _results.SelectMany(r => r.Faults).GroupBy(f => f.Key).OrderBy(f => f.Key).Select(f => $"{f.Key} {f.Sum(c => c.Value)}"))}");
    }

    /// <summary>Tells something to whoever reads the output, and to whoever cannot wait for its end.</summary>
    public static void Report(ITestOutputHelper output, string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("FLEET_FAULT_REPORT") is not { Length: > 0 } file)
            return;
        lock (Writing)
            File.AppendAllText(file, line + "\n");
    }

    private void Report(string line) => Report(output, line);

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
