using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.SystemTests.Charts;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Operators that die, and connections that break: somebody carries on.</summary>
public class FaultTests(ITestOutputHelper output) : AppTest(output)
{
    private static readonly TimeSpan LeaseLength = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Of_two_operators_one_leads_and_the_other_takes_over_when_it_is_killed()
    {
        var first = await StartOperatorAsync();
        await Eventually.True(async () => (await first.MetricsAsync())["fleet_leader"] == 1);
        var second = await StartOperatorAsync();
        await ReadyShopAsync();
        Assert.Equal(0, (await second.MetricsAsync())["fleet_leader"]);

        // It dies in the middle of its work.
        await Kubectl.ApplyAsync(string.Join("---\n", Enumerable.Range(0, 10).Select(i => Shop.Replace("name: shop\n", $"name: app{i}\n", StringComparison.Ordinal))));
        await first.KillAsync();
        var killed = DateTimeOffset.UtcNow;
        // The lease counts from when the other has seen it renewed, by looking every 2 s; the rest is for a busy machine, and less than another lease's length.
        await Eventually.True(async () => (await second.MetricsAsync())["fleet_leader"] == 1, LeaseLength + TimeSpan.FromSeconds(14));
        Output.WriteLine($"took over {(DateTimeOffset.UtcNow - killed).TotalSeconds:0.0} s after the kill");
        for (var i = 0; i < 10; i++)
            await ReadyAsync($"app{i}");
    }

    [Fact]
    public async Task An_operator_that_is_asked_to_end_hands_over_at_once()
    {
        var first = await StartOperatorAsync();
        await Eventually.True(async () => (await first.MetricsAsync())["fleet_leader"] == 1);
        var second = await StartOperatorAsync();
        Assert.Equal(0, await first.TerminateAsync());
        // The other looks every 2 s. A lease that is not given free would hold it off for 11 s at least: 15 s, less the 2 s between renewals and the 2 s between looks.
        Assert.Contains(first.Log.Entries, e => e.Category == "Fleet.Leadership" && e.Message.EndsWith(": released", StringComparison.Ordinal));
        await Eventually.True(async () => (await second.MetricsAsync())["fleet_leader"] == 1, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_watch_that_is_cut_in_the_middle_of_a_line_is_resumed()
    {
        var (proxy, kubeconfig) = FaultProxy.InFrontOf(OperatorKubeconfig);
        await using var _ = proxy;
        await StartOperatorAsync(o => o with { Kubeconfig = kubeconfig });
        await ReadyShopAsync();
        for (var round = 1; round <= 5; round++)
        {
            proxy.CutAfter(100 * round);
            await Kubectl.RunAsync("scale deployment/shop-auth --replicas 3");
            await AppWhere(s => s.Drift?.Count == round);
            await Eventually.True(async () => (await ChildAsync(Resources.Deployments, "shop-auth"))!.Part("spec").GetProperty("replicas").GetInt32() == 1);
            await ReadyAsync();
        }
    }
}

/// <summary>What happens when parts of the control plane go away.</summary>
[Collection(Disturbing.Name)]
[Trait("Needs", "RealControlPlane")]
public class ControlPlaneLossTests(ITestOutputHelper output) : AppTest(output)
{
    [Theory]
    [InlineData(ControlPlanePart.ApiServer)]
    [InlineData(ControlPlanePart.Etcd)]
    public async Task The_operator_carries_on_by_itself(ControlPlanePart part)
    {
        var process = await StartOperatorAsync(o => o with { LeaderElect = false });
        await ReadyShopAsync();
        var before = await SyncedAsync();
        var start = await Cluster.AuditLog.NowAsync();
        await Cluster.KillAsync(part);
        await Cluster.StartAsync(part);
        await Eventually.True(async () => (await Kubectl.TryAsync(["scale", "deployment/shop-auth", "--replicas", "3"])).ExitCode == 0, TimeSpan.FromSeconds(60));
        await AppWhere(s => s.Drift is { Count: > 0 }, timeout: TimeSpan.FromSeconds(60));
        await ReadyAsync(timeout: TimeSpan.FromSeconds(60));
        // A server that has just started may refuse watches until it knows the Roles: each is there again in the end, and what is not served has been asked for again.
        await Eventually.True(async () => before.IsSubsetOf(await SyncedAsync()));
        await Eventually.That(
            async () => OperatorRules.RefusedForGood((await Cluster.AuditLog.SinceAsync(start)).Where(e => e.User.Username == OperatorAccount.User(Namespace))),
            refused => refused.Count == 0,
            describe: refused => string.Join("; ", refused));
        Assert.False(process.HasExited);

        async Task<HashSet<string>> SyncedAsync() =>
            [.. (await process.MetricsAsync()).Where(m => m.Key.StartsWith("fleet_cache_synced{", StringComparison.Ordinal) && m.Value == 1).Select(m => m.Key)];
    }

    [Fact]
    public async Task The_custom_resource_may_come_after_the_operator()
    {
        await Kubectl.RunAsync($"delete crd {MicroserviceApp.Resource.Plural}.{MicroserviceApp.Resource.Group} --wait --timeout=60s");
        try
        {
            var process = LaunchOperator(o => o with { LeaderElect = false });
            await Eventually.True(() => process.Log.Entries.Any(e => e.Line.Contains($"{MicroserviceApp.Resource}: not served", StringComparison.Ordinal)));
            Assert.False(process.HasExited);
        }
        finally
        {
            await InstallCrdAsync();
        }

        await ReadyShopAsync();
    }
}
