using System.Net;
using System.Net.Sockets;
using Fleet.Rpc;
using Xunit;

namespace Fleet.ServiceTests.Rpc;

/// <summary>Where the caller's calls go, and how often.</summary>
public class ChannelTests
{
    private static readonly RpcChannelOptions Quick = new() { BackOff = TimeSpan.FromMilliseconds(1) };

    [Fact]
    public async Task Calls_spread_over_all_addresses_of_a_name()
    {
        await using var first = await EchoServer.StartAsync();
        await using var second = await EchoServer.StartAsync(first.Port, "127.0.0.2");
        await using var third = await EchoServer.StartAsync(first.Port, "127.0.0.3");
        using var channel = new RpcChannel($"dns:///shop-orders:{first.Port}", Quick with { Resolver = (_, _) => Resolve(1, 2, 3) });
        for (var i = 0; i < 30; i++)
            await channel.UnaryAsync(Echo.Once, new());
        Assert.Equal([10, 10, 10], new[] { first.Calls, second.Calls, third.Calls });
    }

    [Fact]
    public async Task A_dead_address_costs_no_call_not_even_one_that_may_not_be_repeated()
    {
        await using var server = await EchoServer.StartAsync();
        using var channel = new RpcChannel($"http://shop-orders:{server.Port}", Quick with { Resolver = (_, _) => Resolve(9, 1) });
        for (var i = 0; i < 10; i++)
            await channel.UnaryAsync(Echo.Once, new());
        Assert.Equal(10, server.Calls);
    }

    [Fact]
    public async Task A_name_is_looked_up_again_when_an_address_fails()
    {
        await using var first = await EchoServer.StartAsync();
        await using var second = await EchoServer.StartAsync(first.Port, "127.0.0.2");
        var address = 1;
        using var channel = new RpcChannel($"dns:///shop-orders:{first.Port}", Quick with { Resolver = (_, _) => Resolve(address), ResolveEvery = TimeSpan.FromHours(1) });
        await channel.UnaryAsync(Echo.Once, new());
        address = 2;
        await first.DisposeAsync();
        await channel.UnaryAsync(Echo.Once, new(), new() { Idempotent = true });
        Assert.Equal(1, second.Calls);
    }

    [Fact]
    public async Task New_addresses_are_found_while_the_old_ones_still_answer()
    {
        await using var first = await EchoServer.StartAsync();
        await using var second = await EchoServer.StartAsync(first.Port, "127.0.0.2");
        int[] addresses = [1];
        using var channel = new RpcChannel($"dns:///shop-orders:{first.Port}", Quick with { Resolver = (_, _) => Resolve(addresses), ResolveEvery = TimeSpan.Zero });
        await channel.UnaryAsync(Echo.Once, new());
        addresses = [1, 2];
        while (second.Calls == 0)
            await channel.UnaryAsync(Echo.Once, new());
    }

    [Fact]
    public async Task A_name_server_that_is_away_takes_no_address_away()
    {
        await using var server = await EchoServer.StartAsync();
        var asked = 0;
        using var channel = new RpcChannel($"dns:///shop-orders:{server.Port}", Quick with
        {
            ResolveEvery = TimeSpan.Zero,
            Resolver = (_, _) => asked++ == 0 ? Resolve(1) : throw new SocketException((int)SocketError.TryAgain),
        });
        while (asked < 3)
            await channel.UnaryAsync(Echo.Once, new());
    }

    [Fact]
    public async Task A_name_without_an_address_is_UNAVAILABLE_and_named()
    {
        using var channel = new RpcChannel("dns:///shop-orders:1", Quick with { Resolver = (_, _) => throw new SocketException((int)SocketError.HostNotFound) });
        var e = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(Echo.Once, new()));
        Assert.Equal(RpcStatusCode.Unavailable, e.Status.Code);
        Assert.Contains("shop-orders", e.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UNAVAILABLE_is_tried_again_when_the_call_may_be_repeated()
    {
        await using var server = await EchoServer.StartAsync();
        var attempts = new List<string>();
        server.Guard = call =>
        {
            attempts.Add(call.Http.Request.Headers["grpc-previous-rpc-attempts"].ToString());
            return attempts.Count < 3 ? throw new RpcException(RpcStatusCode.Unavailable, "not yet") : ValueTask.CompletedTask;
        };
        using var channel = server.Channel(Quick);
        await channel.UnaryAsync(Echo.Once, new(), new() { Idempotent = true });
        Assert.Equal(["", "1", "2"], attempts);

        attempts.Clear();
        await using var replies = await channel.ServerStreamingAsync(Echo.Many, new() { Count = 1 }, new() { Idempotent = true });
        Assert.NotNull(await replies.ReadAsync());
        Assert.Equal(["", "1", "2"], attempts);
    }

    [Theory]
    [InlineData(true, RpcStatusCode.Unavailable, 4)]
    [InlineData(false, RpcStatusCode.Unavailable, 1)]
    [InlineData(true, RpcStatusCode.Internal, 1)]
    public async Task Attempts_are_bounded(bool idempotent, RpcStatusCode code, int calls)
    {
        await using var server = await EchoServer.StartAsync();
        server.Guard = _ => throw new RpcException(code, "never");
        using var channel = server.Channel(Quick);
        var e = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(Echo.Once, new(), new() { Idempotent = idempotent }));
        Assert.Equal(code, e.Status.Code);
        Assert.Equal(calls, server.Calls);
    }

    [Fact]
    public async Task A_server_that_restarts_is_called_again()
    {
        var server = await EchoServer.StartAsync();
        using var channel = server.Channel(Quick);
        await channel.UnaryAsync(Echo.Once, new());
        var port = server.Port;
        await server.DisposeAsync();
        await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(Echo.Once, new()));
        await using var again = await EchoServer.StartAsync(port);
        await channel.UnaryAsync(Echo.Once, new(), new() { Idempotent = true });
    }

    [Theory]
    [InlineData("shop-orders:8003")]
    [InlineData("ftp://shop-orders")]
    [InlineData("http://shop-orders:8003/path")]
    public void Refuses_what_is_no_address(string address) => Assert.Throws<ArgumentException>(() => new RpcChannel(address));

    private static Task<IPAddress[]> Resolve(params int[] last) => Task.FromResult(last.Select(l => IPAddress.Parse($"127.0.0.{l}")).ToArray());
}
