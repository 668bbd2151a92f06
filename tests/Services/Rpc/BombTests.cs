using Fleet.Rpc;
using Fleet.ServiceTests.Rpc.Echoes;
using Xunit;

namespace Fleet.ServiceTests.Rpc;

/// <summary>What a message that unpacks to far more than the limit costs; alone, since what a process allocates is counted over all that runs in it.</summary>
[Collection(nameof(Alone))]
public sealed class BombTests
{
    [Fact]
    public async Task A_gzip_bomb_is_refused_and_costs_no_memory()
    {
        await using var server = await EchoServer.StartAsync();
        using var client = new RawClient(server.Address);
        var bomb = RawClient.Frame(1, RawClient.Gzip(new byte[100 * 1024 * 1024]));
        Assert.InRange(bomb.Length, 0, EchoServer.MaxMessageBytes);
        Assert.Equal((int)RpcStatusCode.ResourceExhausted, (await client.PostAsync(bomb, headers: ("grpc-encoding", "gzip"))).Code);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < 20; i++)
            Assert.Equal((int)RpcStatusCode.ResourceExhausted, (await client.PostAsync(bomb, headers: ("grpc-encoding", "gzip"))).Code);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 200 * 1024 * 1024); // twenty bombs are two gigabytes
    }
}
