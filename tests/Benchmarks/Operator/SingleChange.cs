using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>One app is changed while many are there.</summary>
internal static class SingleChange
{
    /// <summary>Measures it on a cluster whose apps have all their objects.</summary>
    public static async Task MeasureAsync(BenchmarkRun run, BenchCluster cluster, MeasuredOperator op, int count, CancellationToken stop)
    {
        var changes = run.Quick ? 20 : 100;
        await op.IdleAsync();
        var (start, cpu) = (await cluster.Plane.AuditLog.NowAsync(), op.Usage.Cpu);
        await using (var statuses = await StatusFollower.StartAsync(cluster, stop))
        {
            for (var i = 0; i < changes; i++)
            {
                var ns = Apps.Namespace(i * (count / changes));
                var app = await cluster.User.JsonPatchAsync(
                    MicroserviceApp.Resource, ns, Apps.Name, [new JsonObject { ["op"] = "add", ["path"] = "/spec/services/0/env", ["value"] = new JsonArray(new JsonObject { ["name"] = "CHANGED", ["value"] = "yes" }) }], stop);
                await statuses.UntilAsync(ns, a => a.Status?.ObservedGeneration == app.Metadata.Generation);
            }
        }

        await op.IdleAsync();
        var used = op.Usage.Cpu - cpu;
        var entries = await cluster.Plane.AuditLog.SinceAsync(start);
        var asked = entries.Where(e => e is { UserAgent: BenchCluster.UserAgent, Verb: "patch" }).ToDictionary(e => e.ObjectRef!.Namespace!, e => e.Completed, StringComparer.Ordinal);
        var ours = entries.Where(e => e.UserAgent.StartsWith(MeasuredOperator.Agent, StringComparison.Ordinal) && e.ObjectRef is not (null or { Resource: "leases" or "events" })).ToList();
        var times = ours.Where(e => e is { Verb: "patch", ObjectRef: { Resource: "deployments", Name: "shop-auth" }, Code: 200 })
            .GroupBy(e => e.ObjectRef!.Namespace!).Select(g => (g.Max(e => e.Completed) - asked[g.Key]).TotalMilliseconds).ToList();
        if (times.Count != changes)
            throw new InvalidDataException($"{times.Count} of {changes} changes reached a Deployment");
        Row Row(string what, string unit, double value) => new() { Family = "operator", Group = $"one change beside {count} apps", What = what, Unit = unit, Ours = value };
        run.Add(Row("the Deployment has it, p50", Units.Milliseconds, Percentiles.Of(times, 0.5)));
        run.Add(Row("the Deployment has it, p99", Units.Milliseconds, Percentiles.Of(times, 0.99)));
        run.Add(Row("processor time", Units.Milliseconds, used.TotalMilliseconds / changes));
        run.Add(Row("requests", Units.Count, (double)ours.Count / changes));
    }
}
