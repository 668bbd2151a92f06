using System.Net;
using System.Net.Sockets;
using System.Text;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class HealthServerTests : IAsyncLifetime
{
    private readonly HealthServer _server;
    private readonly HttpClient _client = new();
    private Readiness _ready = Readiness.WaitingFor([]);

    public HealthServerTests() => _server = new HealthServer(0, () => _ready, new OperatorMetrics());

    public async Task InitializeAsync()
    {
        await _server.StartAsync(default);
        _client.BaseAddress = new Uri($"http://127.0.0.1:{_server.Port}");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Live_is_ok() => Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz/live"));

    [Fact]
    public async Task Ready_names_what_it_waits_for()
    {
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz/ready"));
        var cache = new ObjectCache<PartialObject>(Resources.Deployments);
        _ready = Readiness.Of([cache]);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "deployments.apps: not listed yet\n"), await GetAsync("/healthz/ready"));
        ((ICacheWriter<PartialObject>)cache).Denied("no");
        _ready = Readiness.Of([cache]);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/healthz/ready")).Status);
    }

    [Fact]
    public async Task Metrics_come_as_prometheus_text()
    {
        using var answer = await _client.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("# TYPE fleet_reconcile_total counter", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_else_is_answered()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("/")).Status);
        using var posted = await _client.PostAsync(new Uri("/healthz/live", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Fact]
    public async Task A_request_without_end_is_refused()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _server.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /healthz/live HTTP/1.1\r\nHost: x\r\nX: {new string('x', 20_000)}\r\n\r\n"));
        using var reader = new StreamReader(stream);
        Assert.Contains("431", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_an_error_and_not_a_crash()
    {
        await using var second = new HealthServer(_server.Port, () => _ready, new OperatorMetrics());
        await Assert.ThrowsAsync<IOException>(() => second.StartAsync(default));
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var answer = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
