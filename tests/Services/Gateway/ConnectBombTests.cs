using System.Net;
using Fleet.Rpc;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>What a message that unpacks to far more than the limit costs; alone, since what a process allocates is counted over all that runs in it.</summary>
[Collection(nameof(Alone))]
public sealed class ConnectBombTests
{
    [Fact]
    public async Task A_gzip_bomb_is_refused_and_costs_no_memory()
    {
        await using var shop = await ShopServer.StartAsync();
        await using var gateway = await TestGateway.StartAsync(RoutesFiles.Of(ShopServer.Path, shop.Address, RoutesFiles.Grpc));
        var bomb = ConnectTests.Gzipped(new byte[256 << 20]); // a quarter of a GiB of nothing in a quarter of a MiB
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var answer = await gateway.Http.SendAsync(bomb);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("larger than the limit", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 64 << 20);
        Assert.Equal(0, shop.Calls);
    }
}
