using System.Net;
using Fleet.Gateway;
using Fleet.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>One cleartext port for HTTP/1.1 and HTTP/2 with prior knowledge, and clients that say what they speak slowly or not at all.</summary>
public sealed class ConnectionTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private Upstream _backend = null!;
    private TestGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _backend = await Upstream.StartAsync(context => context.Response.WriteAsync(context.Request.Protocol));
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Both_protocols_are_served_on_one_port()
    {
        var (one, two) = (await _gateway.Http.GetAsync("/x"), await _gateway.Http2.GetAsync("/x"));
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version11), (one.StatusCode, one.Version));
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (two.StatusCode, two.Version));
    }

    [Fact]
    public async Task A_preface_that_comes_byte_by_byte_is_still_one()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        foreach (var b in Preface.Bytes.ToArray())
            await client.SendAsync([b]);
        await client.SendAsync([0, 0, 0, 4, 0, 0, 0, 0, 0]); // empty SETTINGS
        var answer = await client.ReadAsync(t => t.Length >= 9);
        Assert.Equal('\u0004', answer[3]); // SETTINGS of the server
    }

    [Theory]
    [InlineData("PRI / HTTP/1.1\r\nHost: a\r\n\r\n", "", 200)]
    [InlineData("P", "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200)]
    [InlineData("PRI * HTTP/2.0\r\n\r\n", "XX\r\n\r\n", 0)] // Kestrel says in HTTP/2 that it wants HTTP/1.1
    [InlineData("\u0016\u0003\u0001\u0002\u0000\u0001\u0000", "", 400)] // a TLS client hello
    public async Task What_is_almost_a_preface_or_none_is_HTTP1s_to_judge(string text, string rest, int status)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync(text);
        if (rest.Length > 0) // else the connection may be closed by now, and even nothing cannot be sent
            await client.SendAsync(rest);
        Assert.Equal(status, await client.StatusAsync());
    }

    [Fact]
    public async Task Who_says_nothing_or_half_a_preface_is_cut_off_in_time_and_disturbs_nobody()
    {
        await using var gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address), services => services.AddSingleton<TimeProvider>(_time));
        var silent = new List<RawClient>();
        for (var i = 0; i < 200; i++)
        {
            silent.Add(await RawClient.ConnectAsync(gateway.Port));
            if (i % 2 == 0)
                await silent[^1].SendAsync("PRI * HT");
        }

        Assert.Equal("HTTP/1.1", await gateway.Http.GetStringAsync("/x"));
        var cut = silent.Select(c => c.ReadAsync()).ToArray();
        await Eventually.True(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Task.WhenAll(cut).IsCompleted;
        });
        Assert.All(cut, c => Assert.Equal("", c.Result));
        Assert.Equal("HTTP/1.1", await gateway.Http.GetStringAsync("/x"));
        silent.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task Headers_that_never_end_are_cut_off()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n");
        using var stop = new CancellationTokenSource();
        var dripping = DripAsync(client, stop.Token);
        Assert.StartsWith("HTTP/1.1 408", await client.ReadAsync(), StringComparison.Ordinal);
        await stop.CancelAsync();
        await dripping;
    }

    [Theory]
    [InlineData(1, 40_000, 431)]
    [InlineData(150, 10, 431)]
    public async Task Headers_have_limits(int count, int size, int status)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('a', size)}\r\n")) + "\r\n");
        Assert.Equal(status, await client.StatusAsync());
    }

    [Fact]
    public async Task A_request_line_has_a_limit()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync($"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(414, await client.StatusAsync());
    }

    private static async Task DripAsync(RawClient client, CancellationToken stop)
    {
        try
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await client.SendAsync($"X-{i}: a\r\n");
                await Task.Delay(500, stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // cut off, as it should be
        }
    }
}
