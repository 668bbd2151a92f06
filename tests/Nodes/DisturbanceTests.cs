using System.Globalization;
using Fleet.Apps;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.NodeTests;

/// <summary>What happens in a cluster's life, while customers go on: no request fails but where a machine is lost, and status tells what is wrong.</summary>
[Collection(OnNodes.Name)]
[Trait("Needs", "Backends")]
public sealed class DisturbanceTests(ManyPods shop, ITestOutputHelper output) : IClassFixture<ManyPods>
{
    [Theory]
    [InlineData("users", 2)]
    [InlineData("orders", 3)]
    [InlineData("gateway", 2)]
    public void Pods_of_a_service_start_on_nodes_of_their_own(string service, int nodes) =>
        Assert.Equal(nodes, shop.AtFirst[service].Select(p => p.Node).Distinct().Count());

    [Fact]
    public async Task Calls_on_one_connection_find_all_three_Orders_and_each_order_is_counted()
    {
        const int Calls = 60;
        var pods = await shop.App.PodsAsync("orders");
        Assert.Equal(3, pods.Count);
        var before = await Task.WhenAll(pods.Select(ServedAsync));
        var byId = Traffic.OrderMessage(shop.Order);
        await using (var traffic = Traffic.Start(shop.Gateway, shop.Ann, shop.Order))
        {
            for (var i = 0; i < Calls; i++)
                await traffic.CallAsync(byId);
            await traffic.StopAsync();
            Assert.Empty(traffic.Failures);
        }

        var after = await Task.WhenAll(pods.Select(ServedAsync));
        var served = after.Zip(before, (a, b) => a - b).ToList();
        output.WriteLine($"calls by pod: {string.Join(", ", served)}");
        Assert.All(served, n => Assert.True(n >= Calls / 6, $"{n} calls"));

        var known = await shop.Ann.OrderCountAsync();
        for (var i = 0; i < 5; i++)
            await shop.Ann.PlaceAsync($"counted {i}");
        await Eventually.True(async () => await shop.Ann.OrderCountAsync() >= known + 5);
    }

    [Fact]
    public async Task The_gateway_rolls_and_no_request_fails()
    {
        var before = await shop.App.PodsAsync("gateway");
        await using var traffic = Traffic.Start(shop.Gateway, shop.Ann, shop.Order);
        await Eventually.True(() => traffic.Answered > 40);
        await shop.App.Kubectl.RunAsync("rollout restart deployment/shop-gateway");
        await shop.App.Kubectl.RunAsync("rollout status deployment/shop-gateway --timeout=170s".Split(' '), timeout: InstalledApp.Patience);
        await Eventually.That(() => shop.App.PodsAsync("gateway"), now => now.Count == 2 && !now.Intersect(before).Any(), InstalledApp.Patience);
        await shop.App.ReadyAsync();
        var then = traffic.Answered;
        await Eventually.True(() => traffic.Answered > then + 40);
        await EndAsync(traffic);
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_told_and_what_runs_runs_on()
    {
        await using var traffic = Traffic.Start(shop.Gateway, shop.Ann, shop.Order);
        await Eventually.True(() => traffic.Answered > 40);
        await shop.ApplyAsync(orders: "ghcr.io/fleet-operator/fleet-orders:gone");
        try
        {
            var app = await shop.App.StatusAsync(s => InstalledApp.Of(s, Conditions.Ready) is { Status: ConditionStatus.False, Reason: Reasons.ImagePullFailed });
            output.WriteLine(InstalledApp.Of(app.Status!, Conditions.Ready).Message);
            Assert.StartsWith("orders: ", InstalledApp.Of(app.Status!, Conditions.Ready).Message, StringComparison.Ordinal);
            Assert.Equal(ServicePhase.Degraded, InstalledApp.Row(app.Status!, "orders").State);
            Assert.Equal("3/4", app.Status!.Ready);
            var then = traffic.Answered;
            await Eventually.True(() => traffic.Answered > then + 40);
        }
        finally
        {
            await shop.ApplyAsync();
        }

        await shop.App.ReadyAsync();
        await EndAsync(traffic);
    }

    [Fact]
    public async Task A_node_dies_status_says_so_and_its_pods_come_back_elsewhere()
    {
        // One that orders are on, and that the test's own way to Services does not go through.
        var lost = (await shop.App.PodsAsync("orders")).First(p => p.Node != "node-1").Node;
        await using var traffic = Traffic.Start(shop.Gateway, shop.Ann, shop.Order);
        await Eventually.True(() => traffic.Answered > 40);
        await shop.Nodes.KillNodeAsync(lost);
        try
        {
            var app = await shop.App.StatusAsync(s => !InstalledApp.IsReady(s));
            output.WriteLine($"{InstalledApp.Of(app.Status!, Conditions.Ready)}");
            await Eventually.True(
                async () => InstalledApp.IsReady((await shop.App.AppAsync()).Status!) && !(await shop.App.PodsAsync("orders")).Any(p => p.Node == lost),
                InstalledApp.Patience);
            await traffic.StopAsync();
            output.WriteLine($"{traffic.Failures.Count} requests failed, {traffic.Answered} did not:\n{string.Join('\n', traffic.Failures)}");

            // From now on there is no reason to fail any more.
            await using var later = Traffic.Start(shop.Gateway, shop.Ann, shop.Order);
            await Eventually.True(() => later.Answered > 200);
            Assert.Equal("ORDER_STATE_PLACED", await shop.Ann.StateAsync(shop.Order));
            await EndAsync(later);
        }
        finally
        {
            await shop.Nodes.StartNodeAsync(lost);
        }

        await shop.App.ReadyAsync();
    }

    private async Task EndAsync(Traffic traffic)
    {
        await traffic.StopAsync();
        output.WriteLine($"{traffic.Answered} requests were answered, {traffic.Failures.Count} failed");
        Assert.Empty(traffic.Failures);
    }

    // How many calls of GetOrder a pod has answered, by its own metrics.
    private static async Task<long> ServedAsync(RunningPod pod)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var text = await http.GetStringAsync(new Uri($"http://{pod.Address}:{Bundled.ManagementPort}/metrics"));
        return text.Split('\n')
            .Where(l => l.StartsWith("http_server_request_duration_seconds_count", StringComparison.Ordinal) && l.Contains("GetOrder", StringComparison.Ordinal))
            .Sum(l => long.Parse(l.AsSpan(l.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }
}
