using System.Net;
using System.Text;
using Fleet.Rpc;
using Fleet.ServiceTests.Rpc.Echoes;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.ServiceTests.Rpc;

/// <summary>The server against clients that send anything.</summary>
public class WireTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private EchoServer _server = null!;
    private RawClient _client = null!;

    public static TheoryData<string, byte[], RpcStatusCode> BrokenBodies => new()
    {
        { "half a prefix", [0, 0, 0], RpcStatusCode.Internal },
        { "half a message", RawClient.Frame(0, [1, 2, 3], length: 10), RpcStatusCode.Internal },
        { "an unknown flag", RawClient.Frame(2, []), RpcStatusCode.Internal },
        { "compressed without an encoding", RawClient.Frame(1, []), RpcStatusCode.Internal },
        { "no protobuf", RawClient.Frame(0, [0xFF, 0xFF, 0xFF]), RpcStatusCode.Internal },
        { "text that is no UTF-8", RawClient.Frame(0, [0x0A, 0x02, 0xC3, 0x28]), RpcStatusCode.Ok },
        { "a length above the limit", RawClient.Frame(0, [], length: EchoServer.MaxMessageBytes + 1), RpcStatusCode.ResourceExhausted },
        { "a length of four gigabytes", RawClient.Frame(0, [], length: -1), RpcStatusCode.ResourceExhausted },
        { "no message", [], RpcStatusCode.Unimplemented },
        { "two messages", [.. RawClient.Frame(0, []), .. RawClient.Frame(0, [])], RpcStatusCode.Unimplemented },
        { "messages nested too deep", RawClient.Frame(0, [.. Enumerable.Repeat((byte)0x3B, 1000)]), RpcStatusCode.Internal },
    };

    public async Task InitializeAsync()
    {
        _server = await EchoServer.StartAsync(time: _time);
        _client = new(_server.Address);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory, MemberData(nameof(BrokenBodies))]
    public async Task A_broken_body_has_its_status(string what, byte[] body, RpcStatusCode code)
    {
        var answer = await _client.PostAsync(body);
        Assert.True((int)code == answer.Code, $"{what}: {answer.Code}");
        Assert.Equal(HttpStatusCode.OK, answer.Http);
    }

    [Fact]
    public async Task Whatever_the_bytes_are_they_have_a_status_and_the_server_lives()
    {
        const int seed = 4711;
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            var body = new byte[random.Next(64)];
            random.NextBytes(body);
            if (body.Length >= 5 && random.Next(2) == 0)
                body = RawClient.Frame(0, body);
            Assert.NotNull((await _client.PostAsync(body)).Code);
        }

        Assert.Equal(0, (await _client.PostAsync(RawClient.Message(new()))).Code);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    public async Task Another_content_type_is_415(string type)
    {
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _client.PostAsync([], contentType: type)).Http);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _client.PostAsync([], path: "/no.Service/Method", contentType: type)).Http);
        Assert.Equal(0, _server.Calls);
    }

    [Fact]
    public async Task HTTP_1_is_told_to_upgrade()
    {
        await using var server = await EchoServer.StartAsync(protocols: HttpProtocols.Http1);
        using var client = new RawClient(server.Address);
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await client.PostAsync(RawClient.Message(new()), http2: false)).Http);
    }

    [Fact]
    public async Task A_call_that_fails_before_its_first_answer_is_one_block_of_headers()
    {
        var answer = await _client.PostAsync(RawClient.Message(new() { Fail = (int)RpcStatusCode.NotFound, FailMessage = "naïve" }));
        Assert.Equal("5", answer.Headers["grpc-status"]);
        Assert.Equal("na%C3%AFve", answer.Headers["grpc-message"]);
        Assert.Empty(answer.Trailers);
        Assert.Empty(answer.Body);
    }

    [Theory]
    [InlineData("1x")]
    [InlineData("123456789S")]
    public async Task A_malformed_timeout_is_INTERNAL(string timeout) =>
        Assert.Equal((int)RpcStatusCode.Internal, (await _client.PostAsync(RawClient.Message(new()), headers: ("grpc-timeout", timeout))).Code);

    [Fact]
    public async Task The_server_keeps_the_deadline_by_itself()
    {
        var call = _client.PostAsync(RawClient.Message(new() { Text = "late", Hang = true }), headers: ("grpc-timeout", "5M"));
        await _server.HangingAsync();
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((int)RpcStatusCode.DeadlineExceeded, (await call).Code);
        Assert.Equal("late", await _server.LeftAsync());
    }

    [Fact]
    public async Task An_encoding_that_is_not_known_is_UNIMPLEMENTED_and_the_known_ones_are_named()
    {
        var answer = await _client.PostAsync(RawClient.Message(new()), headers: ("grpc-encoding", "br"));
        Assert.Equal((int)RpcStatusCode.Unimplemented, answer.Code);
        Assert.Equal("identity,gzip", answer.Headers["grpc-accept-encoding"]);
    }

    [Fact]
    public async Task Who_compresses_gets_compressed_answers()
    {
        var text = new string('x', 50_000);
        var body = RawClient.Frame(1, RawClient.Gzip(new EchoRequest { Text = text }.ToByteArray()));
        var answer = await _client.PostAsync(body, headers: [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip")]);
        Assert.Equal(0, answer.Code);
        Assert.Equal("gzip", answer.Headers["grpc-encoding"]);
        Assert.Equal(1, answer.Body[0]);
        Assert.True(answer.Body.Length < 1000);

        var plain = await _client.PostAsync(body, headers: [("grpc-encoding", "gzip")]);
        Assert.Equal(0, plain.Body[0]);
        Assert.Equal(text, EchoReply.Parser.ParseFrom(plain.Body[5..]).Text);
    }

    [Fact]
    public async Task What_is_no_gzip_is_INTERNAL()
    {
        var answer = await _client.PostAsync(RawClient.Frame(1, Encoding.ASCII.GetBytes("no gzip")), headers: ("grpc-encoding", "gzip"));
        Assert.Equal((int)RpcStatusCode.Internal, answer.Code);
    }
}
