using System.Net;
using Fleet.ServiceTests.Story;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.NodeTests;

/// <summary>What the README promises, word by word: helm installs the operator, the documented table is applied, and a customer orders.</summary>
[Collection(OnNodes.Name)]
public sealed class DocumentedTableTests(InstalledCluster cluster, ITestOutputHelper output)
{
    [Fact]
    public async Task Two_operators_run_on_two_nodes_and_helm_test_passes()
    {
        Assert.Equal(2, cluster.Operators.Select(p => (string)p["spec"]!["nodeName"]!).Distinct().Count());
        Assert.All(cluster.Operators, p => Assert.Equal(0, (int)p["status"]!["containerStatuses"]![0]!["restartCount"]!));
        Assert.Contains("Phase:          Succeeded", await cluster.HelmAsync("test", Chart.Release, "--timeout", "90s"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_table_becomes_Ready_and_tells_its_story_through_the_gateway_s_Service()
    {
        await using var shop = await InstalledApp.CreateAsync(cluster.Nodes);
        await shop.Kubectl.ApplyAsync(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "examples", "shop.yaml")));
        await shop.Kubectl.RunAsync("wait msa/shop --for=condition=Ready --timeout=170s".Split(' '), timeout: InstalledApp.Patience);
        var table = await shop.Kubectl.RunAsync("get msa");
        output.WriteLine(table);
        Assert.Equal(["shop", "4/4", "Ready", $"http://shop-gateway.{shop.Namespace}.svc"], table.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..4]);

        var gateway = await shop.GatewayAsync();
        using var ann = await Customer.JoinAsync(gateway);
        using var bob = await Customer.JoinAsync(gateway, "bob");
        var order = await ann.PlaceAsync("first");
        Assert.Equal(order, await ann.PlaceAsync("first"));
        Assert.Equal("ORDER_STATE_PLACED", await ann.StateAsync(order));
        Assert.Null(await bob.StateAsync(order));
        Assert.Equal(HttpStatusCode.OK, (await ann.CallAsync("CancelOrder", $$"""{"orderId":"{{order}}"}""")).StatusCode);
        Assert.Equal("ORDER_STATE_CANCELLED", await ann.StateAsync(order));
        using var stranger = Customer.Stranger(gateway);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.SendAsync(HttpMethod.Get, $"users/{ann.Id}")).StatusCode);
    }
}
