using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>From the start of the operator's process to its first work: an app waits.</summary>
internal static class Starting
{
    /// <summary>Measures it.</summary>
    public static async Task MeasureAsync(BenchmarkRun run, CancellationToken stop)
    {
        run.Tell("  starts");
        await using var cluster = await BenchCluster.StartAsync(run, controllers: false);
        var starts = run.Quick ? 3 : 10;
        await cluster.MakeNamespacesAsync(starts, stop);
        var seconds = new List<double>();
        for (var i = 0; i < starts; i++)
        {
            await cluster.PostAsync(i, stop);
            var start = await cluster.Plane.AuditLog.NowAsync();
            await using var op = await MeasuredOperator.LaunchAsync(cluster, run);
            var first = await Eventually.That(
                async () => (await cluster.Plane.AuditLog.SinceAsync(start)).FirstOrDefault(e => e.Verb == "create" && e.ObjectRef?.Namespace == Apps.Namespace(i)), e => e is not null);
            seconds.Add((first!.Received - op.Started).TotalSeconds);
            await op.IdleAsync();
            await op.StopAsync();
        }

        run.Add(new()
        {
            Family = "operator", Group = "start", What = "of the process to the first object made", Unit = Units.Seconds, Ours = Percentiles.Of(seconds, 0.5), Target = Target.AtMost(0.8),
        });
    }
}
