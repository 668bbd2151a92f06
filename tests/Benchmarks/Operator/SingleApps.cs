using Fleet.Apps;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;
using Fleet.Kubernetes;

namespace Fleet.Benchmarks.Operator;

/// <summary>One app at a time on an idle cluster, until all that it owns exists.</summary>
internal static class SingleApps
{
    /// <summary>Measures it, beside the bare client that makes the objects of one app all at once.</summary>
    public static async Task MeasureAsync(BenchmarkRun run, CancellationToken stop)
    {
        var count = run.Quick ? 30 : 200;
        run.Tell("  one app at a time");
        Timeline bare, ours;
        await using (var cluster = await BenchCluster.StartAsync(run, controllers: false))
        {
            await cluster.MakeNamespacesAsync(count, stop);
            using var client = BareClient.Connect(cluster);
            var start = await cluster.Plane.AuditLog.NowAsync();
            for (var i = 0; i < count; i++)
                await BareClient.MakeChildrenAsync(client, cluster, await cluster.PostAsync(i, stop), stop);
            bare = Timeline.Of(await cluster.Plane.AuditLog.SinceAsync(start), BenchCluster.BareAgent);
        }

        await using (var cluster = await BenchCluster.StartAsync(run, controllers: false))
        {
            await cluster.MakeNamespacesAsync(count, stop);
            await using var op = await MeasuredOperator.StartAsync(cluster, run);
            await using var statuses = await StatusFollower.StartAsync(cluster, stop);
            var start = await cluster.Plane.AuditLog.NowAsync();
            for (var i = 0; i < count; i++)
            {
                await cluster.PostAsync(i, stop);
                await statuses.UntilAsync(Apps.Namespace(i), app => app.Status is not null);
            }

            ours = Timeline.Of(await cluster.Plane.AuditLog.SinceAsync(start), MeasuredOperator.Agent);
        }

        Row Row(string what, double share) => new()
        {
            Family = "operator", Group = "one app to an idle cluster", What = what, Unit = Units.Milliseconds,
            Ours = ours.Milliseconds(share), Other = bare.Milliseconds(share), OtherName = "bare client",
        };
        run.Add(Row($"its {Apps.Children} objects exist, p50", 0.5) with { Target = Target.AtMost(30) });
        run.Add(Row($"its {Apps.Children} objects exist, p99", 0.99));
    }
}
