using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>What happens to a request on its way, and what its sender is told when it does not arrive.</summary>
public sealed class ForwardingTests : IAsyncLifetime
{
    private readonly List<IDisposable> _held = [];
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Upstream _backend = null!;
    private TestGateway _gateway = null!;
    private RequestDelegate _answer = context => context.Response.WriteAsync("ok");

    public async Task InitializeAsync()
    {
        _backend = await Upstream.StartAsync(context => _answer(context));
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address));
    }

    public async Task DisposeAsync()
    {
        _release.TrySetResult();
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        _held.ForEach(h => h.Dispose());
    }

    [Fact]
    public async Task Hop_by_hop_headers_and_claims_about_the_client_do_not_reach_the_backend()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync(
            "GET /x HTTP/1.1\r\nHost: shop.example.com\r\nConnection: X-Secret-Hop, Host\r\nX-Secret-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nTE: gzip\r\n" +
            "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-User: root\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Kept: yes\r\n\r\n");
        Assert.Equal(200, await client.StatusAsync());
        var headers = Assert.Single(_backend.Headers);
        Assert.DoesNotContain(headers.Keys, k => k is "X-Secret-Hop" or "Keep-Alive" or "Proxy-Authorization" or "TE" or "X-Real-IP" or "X-Forwarded-User");
        Assert.Equal("yes", headers["X-Kept"]);
        Assert.Equal("127.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal("http", headers["X-Forwarded-Proto"]);
        Assert.Equal("shop.example.com", headers["X-Forwarded-Host"]);
        Assert.Equal("for=127.0.0.1;host=shop.example.com;proto=http", headers["Forwarded"]);
        Assert.Equal(_backend.Address.Authority, headers["Host"]);
    }

    [Fact]
    public async Task A_trusted_proxy_is_believed_and_continued()
    {
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", _backend.Address).WithGateway(new JsonObject { ["TrustedProxies"] = new JsonArray("127.0.0.0/8", "10.0.0.1") }));
        await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/x")
            .With("X-Forwarded-For", "2001:db8::1, 10.0.0.1").With("X-Forwarded-Proto", "https").With("X-Forwarded-Host", "shop.example.com"));
        var headers = _backend.Headers.Last();
        Assert.Equal("2001:db8::1, 10.0.0.1, 127.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal(("https", "shop.example.com"), (headers["X-Forwarded-Proto"], headers["X-Forwarded-Host"]));
        Assert.Equal($"for=\"[2001:db8::1]\", for=10.0.0.1, for=127.0.0.1;host=\"{_gateway.Address.Authority}\";proto=http", headers["Forwarded"]);

        await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/x").With("Forwarded", "for=192.0.2.60;proto=https"));
        headers = _backend.Headers.Last();
        Assert.StartsWith("for=192.0.2.60;proto=https, for=127.0.0.1;", headers["Forwarded"], StringComparison.Ordinal);
        Assert.Equal("192.0.2.60, 127.0.0.1", headers["X-Forwarded-For"]);
    }

    [Fact]
    public async Task A_trace_goes_on_or_begins_here()
    {
        await _gateway.Http.GetAsync("/x");
        var begun = _backend.Headers.Last()["traceparent"];
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", begun);
        await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/x").With("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        var continued = _backend.Headers.Last()["traceparent"];
        Assert.StartsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-", continued, StringComparison.Ordinal);
        Assert.DoesNotContain("00f067aa0ba902b7", continued, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_of_the_backend_are_the_backends()
    {
        _answer = context =>
        {
            context.Response.StatusCode = int.Parse(context.Request.Path.Value!.AsSpan(1));
            return Task.CompletedTask;
        };
        foreach (var status in (int[])[204, 304, 400, 401, 404, 405, 500, 503])
        {
            var answer = await _gateway.Http.GetAsync($"/{status}");
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal("", await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task A_backend_may_answer_before_it_has_read_the_request()
    {
        await using var h2 = await Upstream.StartAsync(
            context =>
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized; // and reads nothing of the body
                return Task.CompletedTask;
            },
            Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2);
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", h2.Address, RoutesFiles.Grpc));
        var answers = new List<HttpStatusCode>();
        while (answers.Count < 30)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/a.B/C") { Content = new ByteArrayContent(new byte[20_000]), Version = HttpVersion.Version20 };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
            try
            {
                answers.Add((await _gateway.Http2.SendAsync(request)).StatusCode);
            }
            catch (HttpRequestException)
            {
                // Now and then Kestrel closes the connection of a client that still sends, with a gateway in between or without.
            }
        }

        Assert.All(answers, status => Assert.Equal(HttpStatusCode.Unauthorized, status));
    }

    [Fact]
    public async Task Headers_that_the_backend_names_in_Connection_stay_here()
    {
        using var raw = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        raw.Start();
        var serving = ServeOnceAsync(raw, "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nok");
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", new Uri($"http://127.0.0.1:{((IPEndPoint)raw.LocalEndpoint).Port}")));
        var answer = await _gateway.Http.GetAsync("/x");
        Assert.False(answer.Headers.Contains("X-Hop"));
        Assert.True(answer.Headers.Contains("X-Kept"));
        await serving;
    }

    [Fact]
    public async Task A_backend_that_does_not_answer_in_time_is_504_and_its_call_is_ended()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = async context =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                ended.TrySetResult();
            }
        };
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", _backend.Address, (RoutePolicy.TimeoutKey, "0.2")));
        do
        {
            var problem = await AssertProblem(await _gateway.Http.GetAsync("/x"), 504, "upstream-too-slow");
            Assert.Equal("root did not answer within 0.2 s", (string?)problem["detail"]);
        }
        while (_backend.Calls == 0); // on a busy machine the time may have passed before the request was there
        await ended.Task.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task An_answer_that_has_begun_may_take_longer_than_the_timeout()
    {
        _answer = async context =>
        {
            await context.Response.WriteAsync("a");
            await context.Response.Body.FlushAsync();
            await _release.Task;
            await context.Response.WriteAsync("b");
        };
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", _backend.Address, (RoutePolicy.TimeoutKey, "0.3")).With("/slow", _backend.Address, (RoutePolicy.TimeoutKey, "0.4")));
        // One that did not begin in time, on a busy machine, is no answer that has begun.
        var answer = await Eventually.That(() => _gateway.Http.GetAsync("/x", HttpCompletionOption.ResponseHeadersRead), a => a.StatusCode != HttpStatusCode.GatewayTimeout);
        var waited = Stopwatch.StartNew();
        await Eventually.True(() => waited.ElapsedMilliseconds > 800);
        _release.SetResult();
        Assert.Equal("ab", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_backend_that_cannot_be_reached_is_503_and_one_that_breaks_off_502()
    {
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", Unreachable()));
        await AssertProblem(await _gateway.Http.GetAsync("/x"), 503, "cannot-connect");
        await AssertProblem(await _gateway.Http.GetAsync("/x"), 503, "cannot-connect");
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", new Uri("http://no-such-host.invalid:80")));
        await AssertProblem(await _gateway.Http.GetAsync("/x"), 503, "cannot-connect");

        using var raw = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        raw.Start();
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", new Uri($"http://127.0.0.1:{((IPEndPoint)raw.LocalEndpoint).Port}")));
        var serving = ServeOnceAsync(raw, "HTTP/1.1 2");
        await AssertProblem(await _gateway.Http.GetAsync("/x"), 502, "upstream-broke-off");
        await serving;
        serving = ServeOnceAsync(raw, "no HTTP at all\r\n\r\n");
        await AssertProblem(await _gateway.Http.GetAsync("/x"), 502, "upstream-broke-off");
        await serving;
        serving = ServeOnceAsync(raw, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _gateway.Http.GetAsync("/x")); // cut, so that half is not taken for the whole
        await serving;
    }

    [Theory]
    [InlineData("GET", false, 2)]
    [InlineData("DELETE", false, 2)]
    [InlineData("POST", true, 1)] // it may have been worked on
    [InlineData("PUT", true, 1)] // its body is gone
    public async Task A_request_is_sent_again_when_nothing_is_lost_by_it(string method, bool withBody, int attempts)
    {
        using var raw = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        raw.Start();
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", new Uri($"http://127.0.0.1:{((IPEndPoint)raw.LocalEndpoint).Port}"), (RoutePolicy.RetriesKey, "1")));
        var served = Task.Run(async () =>
        {
            await ServeOnceAsync(raw, "HTTP/1.1 2"); // with not one byte of an answer the client library itself would try again
            await ServeOnceAsync(raw, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        using var request = new HttpRequestMessage(new HttpMethod(method), "/x") { Content = withBody ? new StringContent("body") : null };
        var answer = await _gateway.Http.SendAsync(request);
        Assert.Equal(attempts == 2 ? HttpStatusCode.OK : HttpStatusCode.BadGateway, answer.StatusCode);
        raw.Stop();
        await served.ContinueWith(_ => { });
    }

    [Fact]
    public async Task A_request_that_never_left_goes_to_another_destination_whatever_its_method()
    {
        var routes = RoutesFiles.Of("/", Unreachable(), (RoutePolicy.RetriesKey, "1"));
        routes["ReverseProxy"]!["Clusters"]!["root"]!["Destinations"]!["other"] = new JsonObject { ["Address"] = _backend.Address.ToString() };
        await _gateway.ReplaceAsync(routes);
        for (var i = 0; i < 40; i++)
            Assert.Equal(HttpStatusCode.OK, (await _gateway.Http.PostAsync("/x", new StringContent("body"))).StatusCode);
        Assert.Equal(40, _backend.Calls);
    }

    [Fact]
    public async Task A_destination_that_takes_no_connection_is_avoided()
    {
        var routes = RoutesFiles.Of("/", Unreachable());
        routes["ReverseProxy"]!["Clusters"]!["root"]!["Destinations"]!["other"] = new JsonObject { ["Address"] = _backend.Address.ToString() };
        await _gateway.ReplaceAsync(routes);
        var (failures, began) = (0, Stopwatch.GetTimestamp());
        for (var i = 0; i < 100; i++)
            failures += (await _gateway.Http.GetAsync("/x")).IsSuccessStatusCode ? 0 : 1;
        Assert.InRange(failures, 0, 1 + (int)(Stopwatch.GetElapsedTime(began) / ClusterHealth.AvoidFor)); // after a while it is tried again
    }

    [Fact]
    public async Task A_destination_whose_machine_is_gone_says_nothing_and_is_avoided_too()
    {
        // A full backlog drops what knocks, as a dead machine does.
        using var full = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        full.Start(1);
        var port = ((IPEndPoint)full.LocalEndpoint).Port;
        var knocking = Enumerable.Range(0, 4).Select(_ => new System.Net.Sockets.TcpClient()).ToList();
        var knocks = knocking.Select(k => k.ConnectAsync(IPAddress.Loopback, port)).ToList();
        // Two find a place. A third that knocked before their handshakes were done has a place in its own eyes alone, which fills the backlog as well.
        await Eventually.True(() => knocks.Count(k => k.IsCompleted) >= 2);

        await _gateway.ReplaceAsync(RoutesFiles.Of("/", new Uri($"http://127.0.0.1:{port}")));
        await AssertProblem(await _gateway.Http.GetAsync("/x"), 503, "cannot-connect");
        var routes = RoutesFiles.Of("/", new Uri($"http://127.0.0.1:{port}"), (RoutePolicy.RetriesKey, "1"));
        routes["ReverseProxy"]!["Clusters"]!["root"]!["Destinations"]!["other"] = new JsonObject { ["Address"] = _backend.Address.ToString() };
        await _gateway.ReplaceAsync(routes);
        for (var i = 0; i < 20; i++)
            Assert.Equal("ok", await _gateway.Http.GetStringAsync("/x"));
        knocking.ForEach(k => k.Dispose());
    }

    [Fact]
    public async Task A_cluster_of_one_comes_back_with_its_backend()
    {
        // Connections go out from 127.0.0.1: at another address none of them takes the port while nobody listens there.
        const string Place = "127.0.0.32";
        var backend = await Upstream.StartAsync(context => context.Response.WriteAsync("here"), address: Place);
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", backend.Address));
        await backend.DisposeAsync();
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _gateway.Http.GetAsync("/x")).StatusCode);
        await using var back = await Upstream.StartAsync(context => context.Response.WriteAsync("back"), address: Place, port: backend.Port);
        Assert.Equal("back", await _gateway.Http.GetStringAsync("/x")); // at once: nobody else could have served it
    }

    [Fact]
    public async Task WebSockets_pass_in_both_directions_also_over_HTTP2()
    {
        _answer = EchoAsync;
        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            using var socket = new ClientWebSocket();
            socket.Options.HttpVersion = version;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{_gateway.Port}/chat"), invoker, default);
            foreach (var text in (string[])["hello", new string('x', 100_000)])
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);
                Assert.Equal(text, await ReceiveAsync(socket));
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
            Assert.Equal("bye", socket.CloseStatusDescription);
        }
    }

    [Fact]
    public async Task Preflights_are_answered_for_the_origins_of_the_file_and_for_nobody_else()
    {
        HttpRequestMessage Preflight(string origin) => new HttpRequestMessage(HttpMethod.Options, "/x")
            .With("Origin", origin).With("Access-Control-Request-Method", "POST").With("Access-Control-Request-Headers", "authorization,connect-protocol-version");

        _answer = context =>
        {
            context.Response.Headers.AccessControlAllowOrigin = "https://backend.says";
            return context.Response.WriteAsync(context.Request.Method);
        };
        var passed = await _gateway.Http.SendAsync(Preflight("https://shop.example.com")); // no CORS here: the backend may have its own
        Assert.Equal(["https://backend.says"], passed.Headers.GetValues("Access-Control-Allow-Origin"));

        var cors = new JsonObject { ["Cors"] = new JsonObject { ["AllowedOrigins"] = new JsonArray("https://shop.example.com") } };
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", _backend.Address, (RoutePolicy.AuthKey, "Required")).WithGateway(cors));
        var calls = _backend.Calls;
        var preflight = await _gateway.Http.SendAsync(Preflight("https://shop.example.com"));
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(["https://shop.example.com"], preflight.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Contains("connect-protocol-version", preflight.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal(calls, _backend.Calls);
        var foreign = await _gateway.Http.SendAsync(Preflight("https://evil.example.com"));
        Assert.False(foreign.Headers.Contains("Access-Control-Allow-Origin"));

        // A refusal must be readable for the page too.
        var refused = await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/x").With("Origin", "https://shop.example.com"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(["https://shop.example.com"], refused.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Contains("grpc-status", string.Join(',', refused.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.Ordinal);

        await _gateway.ReplaceAsync(RoutesFiles.Of("/", _backend.Address).WithGateway(new JsonObject { ["Cors"] = new JsonObject { ["AllowedOrigins"] = new JsonArray("*") } }));
        var anyone = await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/x").With("Origin", "https://who.example.com"));
        Assert.Equal(["*"], anyone.Headers.GetValues("Access-Control-Allow-Origin"));
    }

    /// <summary>Bound and not listened at, so that connections are refused and nobody else can listen there meanwhile.</summary>
    private Uri Unreachable()
    {
        var bound = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        _held.Add(bound);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new Uri($"http://127.0.0.1:{((IPEndPoint)bound.LocalEndPoint!).Port}");
    }

    /// <summary>Reads one request's headers, says the given bytes, and closes.</summary>
    private static async Task ServeOnceAsync(System.Net.Sockets.TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var read = new StringBuilder();
        var buffer = new byte[4096];
        while (!read.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer) is > 0 and var count)
            read.Append(Encoding.Latin1.GetString(buffer, 0, count));
        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var upgraded = await context.Features.Get<IHttpUpgradeFeature>()!.AcceptAsync(context);
        using var socket = WebSocket.CreateFromStream(upgraded, new WebSocketCreationOptions { IsServer = true });
        var buffer = new byte[16 << 10];
        while (await socket.ReceiveAsync(buffer, default) is var received && received.MessageType != WebSocketMessageType.Close)
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, default);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, socket.CloseStatusDescription, default);
    }

    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        var text = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, default);
            text.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
                return Encoding.UTF8.GetString(text.ToArray());
        }
    }

    private static async Task<JsonNode> AssertProblem(HttpResponseMessage answer, int status, string reason)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode} {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.Equal(reason, (string?)problem["reason"]);
        return problem;
    }
}

internal static class Upgrades
{
    /// <summary>Accepts a WebSocket by hand: the handshake of RFC 6455, section 4.2.2.</summary>
    public static Task<Stream> AcceptAsync(this IHttpUpgradeFeature upgrade, HttpContext context)
    {
        var key = context.Request.Headers.SecWebSocketKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
#pragma warning disable CA5350 // what the RFC says
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(key)));
#pragma warning restore CA5350
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        return upgrade.UpgradeAsync();
    }
}
