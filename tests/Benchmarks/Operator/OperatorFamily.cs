namespace Fleet.Benchmarks.Operator;

/// <summary>The operator on a real control plane, beside a client that makes the same objects with the same concurrency and nothing else.</summary>
internal sealed class OperatorFamily : IFamily
{
    /// <inheritdoc/>
    public string Name => "operator";

    /// <inheritdoc/>
    public string Summary => "many apps, single changes, restarts, drift, causes; on a real control plane";

    /// <inheritdoc/>
    public async Task RunAsync(BenchmarkRun run, CancellationToken stop)
    {
        foreach (var count in run.Quick ? (int[])[100] : [100, 500, 2000])
            await ManyApps.MeasureAsync(run, count, repeats: count == 2000 ? 1 : 3, stop);
        await SingleApps.MeasureAsync(run, stop);
        await Starting.MeasureAsync(run, stop);
        foreach (var count in run.Quick ? (int[])[20] : [100, 500])
            await RunningFleet.MeasureAsync(run, count, stop);
    }
}
