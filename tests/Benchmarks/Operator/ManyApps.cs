using System.Globalization;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;

namespace Fleet.Benchmarks.Operator;

/// <summary>Many apps applied at once, until all that they own exists. Kubernetes' own controllers stand still, so that only the API server and its client are at work.</summary>
internal static class ManyApps
{
    /// <summary>Measures it, each time on control planes of their own, the floor and the operator in turn.</summary>
    public static async Task MeasureAsync(BenchmarkRun run, int count, int repeats, CancellationToken stop)
    {
        run.Tell(string.Create(CultureInfo.InvariantCulture, $"  {count} apps"));
        var bare = new List<(Timeline Timeline, TimeSpan Cpu)>();
        var ours = new List<(Timeline Timeline, ProcessUsage Usage)>();
        for (var i = 0; i < repeats; i++)
        {
            await using (var cluster = await BenchCluster.StartAsync(run, controllers: false))
                bare.Add(await BareClient.MakeAsync(cluster, count, stop));
            await using (var cluster = await BenchCluster.StartAsync(run, controllers: false))
                ours.Add(await OperatorAsync(run, cluster, count, isLast: i == repeats - 1, stop));
        }

        var group = string.Create(CultureInfo.InvariantCulture, $"{count} apps");
        Row Row(string what, string unit, double value) => new() { Family = "operator", Group = group, What = what, Unit = unit, Ours = value };
        run.Add(Row("applied until all objects exist", Units.Seconds, Median(ours.Select(o => o.Timeline.Whole.TotalSeconds))) with
        {
            Other = Median(bare.Select(b => b.Timeline.Whole.TotalSeconds)), OtherName = "bare client", Target = Target.RatioAtMost(1.25),
        });
        run.Add(Row("one app, p50", Units.Milliseconds, Median(ours.Select(o => o.Timeline.Milliseconds(0.5)))));
        run.Add(Row("one app, p99", Units.Milliseconds, Median(ours.Select(o => o.Timeline.Milliseconds(0.99)))));
        run.Add(Row("processor time until idle", Units.CpuSeconds, Median(ours.Select(o => o.Usage.Cpu.TotalSeconds))) with
        {
            Other = Median(bare.Select(b => b.Cpu.TotalSeconds)), OtherName = "bare client", Target = count == 500 ? Target.AtMost(5.7) : null,
        });
        run.Add(Row("memory, at rest after", Units.Mebibytes, ours[^1].Usage.Resident) with { Target = count == 500 ? Target.AtMost(90) : null });
        run.Add(Row("memory, peak", Units.Mebibytes, Median(ours.Select(o => o.Usage.Peak))));
        var last = ours[^1].Timeline.Requests;
        foreach (var verb in last.Where(r => r.Verb is not ("list" or "watch")).GroupBy(r => r.Verb + (r.ObjectRef?.Subresource is { } sub ? $" {sub}" : "")))
            run.Add(Row($"requests of an app: {verb.Key}", Units.Count, (double)verb.Count() / count));
    }

    private static async Task<(Timeline Timeline, ProcessUsage Usage)> OperatorAsync(BenchmarkRun run, BenchCluster cluster, int count, bool isLast, CancellationToken stop)
    {
        await cluster.MakeNamespacesAsync(count, stop);
        await using var op = await MeasuredOperator.StartAsync(cluster, run);
        await op.IdleAsync();
        var start = await cluster.Plane.AuditLog.NowAsync();
        var before = op.Usage.Cpu;
        await Applying.AllAsync(cluster, count, posted: null, stop);
        await op.IdleAsync();
        var cpu = op.Usage.Cpu - before;
        if (isLast)
            await op.RestAsync();
        var usage = op.Usage;
        var timeline = Timeline.Of(await cluster.Plane.AuditLog.SinceAsync(start), MeasuredOperator.Agent);
        if (isLast)
            await SingleChange.MeasureAsync(run, cluster, op, count, stop);
        return (timeline, usage with { Cpu = cpu });
    }

    private static double Median(IEnumerable<double> values) => Percentiles.Of(values, 0.5);
}
