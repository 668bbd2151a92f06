using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Nothing changed, nothing written; and what a new app costs, counted at the API server.</summary>
public class SteadyStateTests(ITestOutputHelper output) : AppTest(output)
{
    [Fact]
    public async Task Nothing_is_written_in_a_minute_nor_by_a_restart()
    {
        var first = await StartOperatorAsync();
        await ReadyShopAsync(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "examples", "shop.yaml")));
        await SilentAsync();
        var start = await Cluster.AuditLog.NowAsync();

        // Time itself is what is tested here: a minute in which nothing may be written. It holds resyncs, renewals and re-asked questions.
        using (var minute = new PeriodicTimer(TimeSpan.FromSeconds(60)))
            await minute.WaitForNextTickAsync();
        Assert.Empty(await WritesSinceAsync(start));

        await first.TerminateAsync();
        var second = await StartOperatorAsync();
        await Eventually.True(async () => (await second.MetricsAsync()).Where(m => m.Key.StartsWith("fleet_reconcile_total", StringComparison.Ordinal)).Sum(m => m.Value) > 0);
        await SilentAsync();
        Assert.Empty(await WritesSinceAsync(start));
    }

    [Fact]
    public async Task A_new_app_costs_one_POST_per_child_and_no_read()
    {
        await StartOperatorAsync();
        await SilentAsync();
        var start = await Cluster.AuditLog.NowAsync();
        await ReadyShopAsync();
        await SilentAsync();
        var requests = (await Cluster.AuditLog.SinceAsync(start)).Where(e => IsOurs(e) && e.ObjectRef is not { Resource: "leases" or "events" }).ToList();
        var creates = requests.Where(e => e.Verb == "create").ToList();
        Assert.Equal(15, creates.Count); // four Deployments, Services and ServiceAccounts; ConfigMap, Role, RoleBinding
        Assert.DoesNotContain(requests, e => e.Verb is "get" or "update" or "delete");
        // Orders is opened when users is Active: the one apply, after our entry in managedFields became one of Apply.
        Assert.Equal(2, requests.Count(e => e is { Verb: "patch", ObjectRef: { Resource: "deployments", Name: "shop-orders" } }));
        Assert.DoesNotContain(requests, e => e.Verb == "patch" && e.ObjectRef is not ({ Name: "shop-orders" } or { Subresource: "status" }));
    }

    [Fact]
    public async Task Two_hundred_apps_applied_at_once_converge()
    {
        const int Count = 200;
        var process = await StartOperatorAsync();
        var start = await Cluster.AuditLog.NowAsync();
        var manifests = string.Join("---\n", Enumerable.Range(0, Count).Select(i => Shop.Replace("name: shop\n", $"name: app{i}\n", StringComparison.Ordinal)));
        await Kubectl.RunAsync(["create", "--filename", "-"], manifests, TimeSpan.FromMinutes(2));
        await Eventually.That(
            async () =>
            {
                var ready = 0;
                await foreach (var page in Api.ListAsync(MicroserviceApp.Type, new(Namespace), CancellationToken.None))
                    ready += page.Items.Count(a => a.Status is { } status && Is(status, Conditions.Ready, ConditionStatus.True));
                return ready;
            },
            ready => ready == Count,
            TimeSpan.FromMinutes(4),
            ready => $"{ready} of {Count} apps Ready");
        await SilentAsync();
        // What others change of the objects comes and goes in it.
        await Eventually.True(async () => (await process.MetricsAsync())["fleet_queue_depth"] == 0);

        var requests = (await Cluster.AuditLog.SinceAsync(start)).Where(e => IsOurs(e) && e.ObjectRef is not { Resource: "leases" or "events" }).ToList();
        var creates = requests.Where(e => e.Verb == "create").ToList();
        var again = creates.Count(c => c.Code != 201);
        Output.WriteLine($"{creates.Count} creates, {again} of them answered otherwise than 201");
        // A create that the server could not answer in time, or answered with a failure of its own, is sent again, unless the watch tells that it had made
        // the object after all; where it had, a second one is a 409, and one GET tells whose it is. So none is made twice, and nothing else is read.
        Assert.InRange((Count * 15) - creates.Count(c => c.Code == 201), 0, again);
        Assert.All(creates.Where(c => c.Code is not (201 or 409)), c => Assert.True(c.Code is 0 or >= 500, c.ToString()));
        Assert.InRange(again, 0, Count * 15 / 50);
        Assert.InRange(requests.Count(e => e.Verb == "get"), 0, again);
        Assert.DoesNotContain(requests, e => e.Verb is "update" or "delete");
        Assert.All(requests.Where(e => e.Verb is "list" or "watch"), e => Assert.Null(e.ObjectRef?.Name));
    }

    // Settled: the queue is empty, and the last pass changed nothing, since what it wrote would have come back as an event.
    private async Task SilentAsync()
    {
        var position = await Cluster.AuditLog.NowAsync();
        await Eventually.True(
            async () =>
            {
                var since = await WritesSinceAsync(position);
                position = await Cluster.AuditLog.NowAsync();
                return since.Count == 0 && await QuietForAsync(TimeSpan.FromSeconds(1), position);
            },
            TimeSpan.FromSeconds(60));
    }

    private async Task<bool> QuietForAsync(TimeSpan time, AuditPosition start)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
        return (await WritesSinceAsync(start)).Count == 0;
    }
}
