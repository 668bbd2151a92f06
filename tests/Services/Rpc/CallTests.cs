using Fleet.Rpc;
using Fleet.ServiceTests.Rpc.Echoes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.ServiceTests.Rpc;

/// <summary>Our caller and our server: every kind of call, and every way it can end.</summary>
public class CallTests : IAsyncLifetime
{
    private EchoServer _server = null!;
    private RpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _server = await EchoServer.StartAsync();
        _channel = _server.Channel();
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task One_request_has_one_answer()
    {
        var reply = await _channel.UnaryAsync(Echo.Once, new() { Text = "hello" });
        Assert.Equal("hello", reply.Message.Text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(20_000)]
    public async Task One_request_has_many_answers(int count)
    {
        await using var replies = await _channel.ServerStreamingAsync(Echo.Many, new() { Text = "n", Count = count });
        var texts = await replies.ReadAllAsync().Select(r => r.Text).ToListAsync();
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"n{i}"), texts);
    }

    [Fact]
    public async Task Many_requests_have_one_answer()
    {
        await using var call = _channel.Duplex(Echo.Gather);
        foreach (var text in new[] { "a", "b", "c" })
            await call.WriteAsync(new() { Text = text });
        Assert.Equal("a b c", (await call.SingleAsync()).Message.Text);
    }

    [Fact]
    public async Task Many_requests_have_many_answers_each_before_the_next_request()
    {
        await using var call = _channel.Duplex(Echo.Chat);
        for (var i = 0; i < 100; i++)
        {
            await call.WriteAsync(new() { Text = $"{i}" });
            Assert.Equal($"{i}", (await (await call.Responses).ReadAsync())!.Text);
        }

        call.Complete();
        Assert.Null(await (await call.Responses).ReadAsync());
    }

    [Fact]
    public async Task A_stream_opens_before_its_first_answer()
    {
        await using var replies = await _channel.ServerStreamingAsync(Echo.Many, new() { Hang = true });
        Assert.Empty(replies.Trailers);
    }

    [Fact]
    public async Task A_status_brings_code_and_message_whatever_it_holds()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() =>
            _channel.UnaryAsync(Echo.Once, new() { Fail = (int)RpcStatusCode.FailedPrecondition, FailMessage = "50% of naïve\nöffentlich ☃" }));
        Assert.Equal(new RpcStatus(RpcStatusCode.FailedPrecondition, "50% of naïve\nöffentlich ☃"), e.Status);
    }

    [Fact]
    public async Task A_status_comes_after_the_answers()
    {
        await using var replies = await _channel.ServerStreamingAsync(Echo.Many, new() { Count = 2, Fail = (int)RpcStatusCode.DataLoss, FailMessage = "lost" });
        Assert.NotNull(await replies.ReadAsync());
        Assert.NotNull(await replies.ReadAsync());
        var e = await Assert.ThrowsAsync<RpcException>(replies.ReadAsync);
        Assert.Equal(new RpcStatus(RpcStatusCode.DataLoss, "lost"), e.Status);
    }

    [Fact]
    public async Task A_crash_is_UNKNOWN_and_its_text_stays_on_the_server()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(Echo.Once, new() { Crash = true }));
        Assert.Equal(RpcStatusCode.Unknown, e.Status.Code);
        Assert.DoesNotContain("secret", e.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Field_problems_come_as_details()
    {
        _server.Guard = _ => throw new RpcException(RpcStatus.InvalidArgument([("a", "is missing"), ("b[0]", "is negative")]));
        var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(Echo.Once, new()));
        Assert.Equal("a: is missing; b[0]: is negative", e.Status.Message);
        var bad = Fleet.Rpc.Details.Status.Parser.ParseFrom(e.Status.Details).Details.Single().Unpack<Fleet.Rpc.Details.BadRequest>();
        Assert.Equal(["a", "b[0]"], bad.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task A_guard_refuses_before_the_handler_runs()
    {
        _server.Guard = call => call.Metadata.Find("authorization") == "Bearer good"
            ? ValueTask.CompletedTask
            : throw new RpcException(RpcStatusCode.Unauthenticated, "no token");
        var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(Echo.Once, new()));
        Assert.Equal(RpcStatusCode.Unauthenticated, e.Status.Code);
        var good = new RpcMetadata { { "authorization", "Bearer good" } };
        await _channel.UnaryAsync(Echo.Once, new(), new() { Metadata = good });
    }

    [Fact]
    public async Task Metadata_goes_both_ways_as_text_and_as_bytes()
    {
        byte[] bytes = [0, 1, 254, 255];
        var metadata = new RpcMetadata { { "echo-text", "a, b" } };
        metadata.Add("echo-data-bin", bytes);
        var reply = await _channel.UnaryAsync(Echo.Once, new(), new() { Metadata = metadata });
        Assert.Equal("a, b", reply.Headers.Find("echo-text"));
        Assert.Equal(bytes, reply.Trailers.Bytes("echo-data-bin").Single());
    }

    [Fact]
    public async Task The_deadline_ends_a_call_for_the_caller_and_cancels_the_handler()
    {
        var time = new FakeTimeProvider();
        using var channel = _server.Channel(new() { Time = time });
        var call = channel.UnaryAsync(Echo.Once, new() { Text = "late", Hang = true }, new() { Timeout = TimeSpan.FromMinutes(5) });
        await _server.HangingAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        var e = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(RpcStatusCode.DeadlineExceeded, e.Status.Code);
        Assert.Equal("late", await _server.LeftAsync());
    }

    [Fact]
    public async Task A_deadline_that_has_passed_sends_nothing()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(Echo.Once, new(), new() { Timeout = TimeSpan.Zero }));
        Assert.Equal(RpcStatusCode.DeadlineExceeded, e.Status.Code);
        Assert.Equal(0, _server.Calls);
    }

    [Fact]
    public async Task Cancelling_reaches_the_handler()
    {
        using var stop = new CancellationTokenSource();
        await using var replies = await _channel.ServerStreamingAsync(Echo.Many, new() { Text = "left", Count = 1, Hang = true }, stop: stop.Token);
        Assert.NotNull(await replies.ReadAsync());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(replies.ReadAsync);
        Assert.Equal("left", await _server.LeftAsync());
    }

    [Fact]
    public async Task Leaving_a_stream_reaches_the_handler()
    {
        await using (var replies = await _channel.ServerStreamingAsync(Echo.Many, new() { Text = "left", Count = 1, Hang = true }))
            Assert.NotNull(await replies.ReadAsync());
        Assert.Equal("left", await _server.LeftAsync());
    }

    [Fact]
    public async Task Leaving_a_duplex_call_reaches_the_handler()
    {
        await using (var call = _channel.Duplex(Echo.Chat))
        {
            await call.WriteAsync(new() { Text = "left", Hang = true });
            Assert.NotNull(await (await call.Responses).ReadAsync());
        }

        Assert.Equal("left", await _server.LeftAsync());
    }

    [Fact]
    public async Task Endless_streams_end_with_UNAVAILABLE_when_the_server_drains()
    {
        await using var replies = await _channel.ServerStreamingAsync(Echo.Many, new() { Hang = true });
        var next = replies.ReadAsync();
        var stopped = _server.StopAsync();
        var e = await Assert.ThrowsAsync<RpcException>(() => next);
        Assert.Equal(RpcStatusCode.Unavailable, e.Status.Code);
        await stopped;
    }

    [Fact]
    public async Task Bytes_pass_without_types()
    {
        var method = RpcMethod.Raw("/fleet.test.v1.Echo/Once");
        var reply = await _channel.UnaryAsync(method, Google.Protobuf.MessageExtensions.ToByteArray(new EchoRequest { Text = "raw" }));
        Assert.Equal("raw", EchoReply.Parser.ParseFrom(reply.Message).Text);
    }

    [Fact]
    public async Task Unknown_methods_and_services_are_UNIMPLEMENTED()
    {
        foreach (var path in new[] { "/fleet.test.v1.Echo/Nothing", "/fleet.test.v1.Nobody/Once" })
        {
            var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(RpcMethod.Raw(path), []));
            Assert.Equal(RpcStatusCode.Unimplemented, e.Status.Code);
            Assert.Contains(path, e.Status.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_hundred_calls_at_once_keep_their_answers_apart()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => _channel.UnaryAsync(Echo.Once, new() { Text = $"{i}" })));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"{i}"), replies.Select(r => r.Message.Text));
    }

    [Fact]
    public async Task A_message_up_to_the_limit_passes_and_one_above_it_does_not()
    {
        var text = new string('x', EchoServer.MaxMessageBytes - 100);
        Assert.Equal(text.Length, (await _channel.UnaryAsync(Echo.Once, new() { Text = text })).Message.Text.Length);
        var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(Echo.Once, new() { Text = text + new string('x', 200) }));
        Assert.Equal(RpcStatusCode.ResourceExhausted, e.Status.Code);
    }

    [Fact]
    public async Task The_caller_bounds_answers_too()
    {
        using var small = _server.Channel(new() { MaxMessageBytes = 100 });
        var e = await Assert.ThrowsAsync<RpcException>(() => small.UnaryAsync(Echo.Once, new() { Text = new string('x', 200) }));
        Assert.Equal(RpcStatusCode.ResourceExhausted, e.Status.Code);
    }
}
