using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>Apps that run, on a whole control plane and a stand-in node: how long until they are Ready; single changes, drift, failing pods; rest and a restart.</summary>
internal static class RunningFleet
{
    /// <summary>Measures it.</summary>
    public static async Task MeasureAsync(BenchmarkRun run, int count, CancellationToken stop)
    {
        run.Tell($"  {count} apps that run");
        await using var cluster = await BenchCluster.StartAsync(run, controllers: true);
        await using var node = await StandInNode.StartAsync(cluster.Plane);
        await cluster.MakeNamespacesAsync(count, stop);
        var group = $"{count} apps that run";
        Row Row(string what, string unit, double value) => new() { Family = "operator", Group = group, What = what, Unit = unit, Ours = value };

        await using (var op = await MeasuredOperator.StartAsync(cluster, run))
        {
            await using var statuses = await StatusFollower.StartAsync(cluster, stop);

            // :: Applied at once, until each is Ready.
            var posted = new DateTimeOffset[count];
            var cpu = op.Usage.Cpu;
            var start = await cluster.Plane.AuditLog.NowAsync();
            await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = stop }, async (i, token) =>
            {
                await cluster.PostAsync(i, token);
                posted[i] = DateTimeOffset.UtcNow;
            });
            var ready = await Task.WhenAll(Enumerable.Range(0, count).Select(async i => (await statuses.UntilAsync(Apps.Namespace(i), IsReady) - posted[i]).TotalSeconds));
            await op.IdleAsync();
            run.Add(Row("applied until Ready, p50", Units.Seconds, Percentiles.Of(ready, 0.5)));
            run.Add(Row("applied until Ready, p99", Units.Seconds, Percentiles.Of(ready, 0.99)));
            run.Add(Row("processor time until all are Ready", Units.CpuSeconds, (op.Usage.Cpu - cpu).TotalSeconds));
            await op.RestAsync();
            run.Add(Row("memory, at rest after", Units.Mebibytes, op.Usage.Resident));
            var requests = (await cluster.Plane.AuditLog.SinceAsync(start)).Where(IsOurs).ToList();
            foreach (var verb in requests.Where(r => r.Verb is not ("list" or "watch")).GroupBy(NameOf))
                run.Add(Row($"requests of an app until Ready: {verb.Key}", Units.Count, (double)verb.Count() / count));

            // :: What somebody changes is set back: from the answer to them to the answer to the operator.
            var drift = await DriftAsync(cluster, run.Quick ? 40 : 300, count, stop);
            run.Add(Row("a foreign edit is repaired, p50", Units.Milliseconds, Percentiles.Of(drift, 0.5)) with { Target = Target.AtMost(15) });
            run.Add(Row("a foreign edit is repaired, p99", Units.Milliseconds, Percentiles.Of(drift, 0.99)) with { Target = Target.AtMost(100) });

            // :: A pod fails: from the kubelet's write to the app's status.
            var causes = await CausesAsync(cluster, node, statuses, run.Quick ? 20 : 100, count);
            run.Add(Row("a failing pod is in the status, p50", Units.Milliseconds, Percentiles.Of(causes, 0.5)));
            run.Add(Row("a failing pod is in the status, p99", Units.Milliseconds, Percentiles.Of(causes, 0.99)) with { Target = Target.AtMost(1000) });
            await Task.WhenAll(Enumerable.Range(0, count).Select(i => statuses.UntilAsync(Apps.Namespace(i), IsReady)));
            await op.IdleAsync();
            await op.StopAsync();
        }

        // :: A restart, and rest: nothing changed, so nothing is written.
        var restart = await cluster.Plane.AuditLog.NowAsync();
        await using (var op = await MeasuredOperator.StartAsync(cluster, run))
        {
            await op.IdleAsync();
            run.Add(Row("a restart: processor time until idle", Units.CpuSeconds, op.Usage.Cpu.TotalSeconds));
            var rested = TimeSpan.FromSeconds(run.Quick ? 10 : 60);
            var before = op.Usage.Cpu;
            await Task.Delay(rested, stop); // time itself is what is measured
            run.Add(Row("a restart: memory, at rest after", Units.Mebibytes, op.Usage.Resident));
            run.Add(Row("at rest: processor time in a minute", Units.CpuSeconds, (op.Usage.Cpu - before).TotalSeconds * 60 / rested.TotalSeconds));
        }

        var since = (await cluster.Plane.AuditLog.SinceAsync(restart)).Where(e => e.UserAgent.StartsWith(MeasuredOperator.Agent, StringComparison.Ordinal)).ToList();
        run.Add(Row("a restart and rest: writes", Units.Count, since.Count(e => e.IsRealWrite)) with { Target = Target.AtMost(0) });
        run.Add(Row("a restart and rest: reads but lists and watches", Units.Count, since.Count(e => e.Verb == "get" && e.ObjectRef is not (null or { Resource: "leases" }))) with { Target = Target.AtMost(0) });
    }

    private static async Task<List<double>> DriftAsync(BenchCluster cluster, int edits, int apps, CancellationToken stop)
    {
        var start = await cluster.Plane.AuditLog.NowAsync();
        for (var i = 0; i < edits; i++)
        {
            // A port of a Service: no other controller writes it, so what is measured is the operator's answer alone.
            var ns = Apps.Namespace(i % apps);
            var service = await cluster.User.JsonPatchAsync(
                Resources.Services, ns, "shop-users", [new JsonObject { ["op"] = "replace", ["path"] = "/spec/ports/0/port", ["value"] = 9000 + i }], stop);
            await Eventually.True(async () => (await cluster.User.GetAsync(Kinds.Raw(Resources.Services), ns, "shop-users", stop)).Metadata.ResourceVersion != service.Metadata.ResourceVersion);
        }

        var patches = (await cluster.Plane.AuditLog.SinceAsync(start)).Where(e => e is { Verb: "patch", ObjectRef: { Resource: "services", Subresource: null } }).ToList();
        return Pairs(patches, e => e.UserAgent == BenchCluster.UserAgent, e => IsOurs(e) && e.Code == 200);
    }

    private static async Task<List<double>> CausesAsync(BenchCluster cluster, StandInNode node, StatusFollower statuses, int failures, int apps)
    {
        var times = new List<double>();
        for (var i = 0; i < failures; i++)
        {
            var ns = Apps.Namespace(i % apps);
            var pod = node.Pods.First(p => p.Namespace == ns && p.Label(Keys.Service) == "auth");
            await node.SetStateAsync(ns, pod.Name, new PodBehaviour.ImagePullBackOff());
            var failed = DateTimeOffset.UtcNow;
            var seen = await statuses.UntilAsync(ns, app => app.Status!.Services.Any(s => s.Reason == Reasons.ImagePullFailed));
            times.Add(Math.Max(0, (seen - failed).TotalMilliseconds));
            await node.SetStateAsync(ns, pod.Name, new PodBehaviour.Running());
            await statuses.UntilAsync(ns, IsReady);
        }

        return times;
    }

    // From each request of one kind to the next of the other on the same object.
    private static List<double> Pairs(IEnumerable<AuditEntry> entries, Func<AuditEntry, bool> first, Func<AuditEntry, bool> second)
    {
        var times = new List<double>();
        foreach (var of in entries.GroupBy(e => e.ObjectRef!.Namespace))
        {
            DateTimeOffset? since = null;
            foreach (var entry in of.OrderBy(e => e.Completed))
            {
                if (first(entry))
                    since = entry.Completed;
                else if (second(entry) && since is { } begun)
                    (since, times) = (null, [.. times, (entry.Completed - begun).TotalMilliseconds]);
            }
        }

        return times;
    }

    private static bool IsReady(MicroserviceApp app) => app.Status is { } status && status.ObservedGeneration == app.Metadata.Generation
        && status.Conditions.Any(c => c.Type == Conditions.Ready && c.Status == ConditionStatus.True);

    private static bool IsOurs(AuditEntry entry) => entry.UserAgent.StartsWith(MeasuredOperator.Agent, StringComparison.Ordinal) && entry.ObjectRef is not (null or { Resource: "leases" or "events" });

    private static string NameOf(AuditEntry entry) => entry.ObjectRef!.Subresource is { } sub ? $"{entry.Verb} {sub}" : entry.Verb;
}
