using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fleet.Gateway;
using Fleet.Rpc;
using Fleet.ServiceTests.Gateway.Rich;
using Fleet.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>gRPC passed on as it is, and gRPC-Web as browsers speak it.</summary>
public sealed class GrpcTests : IAsyncLifetime
{
    private ShopServer _shop = null!;
    private TestGateway _gateway = null!;

    private static ServiceDescriptor Service => RichReflection.Descriptor.Services[0];

    public async Task InitializeAsync()
    {
        _shop = await ShopServer.StartAsync();
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of(ShopServer.Path, _shop.Address, RoutesFiles.Grpc));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _shop.DisposeAsync();
    }

    [Fact]
    public async Task All_kinds_of_call_pass_with_headers_and_trailers()
    {
        using var channel = Channel();
        var reply = await channel.UnaryAsync(Method<Ask, Answer>("Get"), new Ask { What = "tea", Count = 1 });
        Assert.Equal(new Answer { Text = "got tea", Number = 1 }, reply.Message);
        Assert.Equal("shop", reply.Headers.Single(h => h.Key == "x-from").Value);
        Assert.Equal("so", reply.Trailers.Single(h => h.Key == "x-end").Value);

        await using var list = await channel.ServerStreamingAsync(Method<Ask, Answer>("List"), new Ask { What = "x", Count = 500 });
        Assert.Equal(500, await list.ReadAllAsync().CountAsync());

        await using var chat = channel.Duplex(Method<Ask, Answer>("Chat"));
        for (var i = 0; i < 3; i++)
        {
            await chat.WriteAsync(new Ask { What = $"{i}" }); // each one answered before the next is sent: nothing waits in a buffer
            Assert.Equal($"{i}", (await (await chat.Responses).ReadAsync())!.Text);
        }

        chat.Complete();
        Assert.Null(await (await chat.Responses).ReadAsync());
    }

    [Fact]
    public async Task A_stream_lives_longer_than_the_routes_timeout()
    {
        await WithTimeoutAsync();
        using var channel = Channel();
        // One that did not begin in time, on a busy machine, is no stream that lives.
        await using var chat = await Eventually.That(
            async () =>
            {
                var begun = channel.Duplex(Method<Ask, Answer>("Chat"));
                try
                {
                    await begun.WriteAsync(new Ask { What = "a" });
                    Assert.Equal("a", (await (await begun.Responses).ReadAsync())!.Text);
                    return begun;
                }
                catch (RpcException e) when (e.Status.Code == RpcStatusCode.DeadlineExceeded)
                {
                    await begun.DisposeAsync();
                    return null;
                }
            },
            begun => begun is not null) ?? throw new InvalidOperationException();
        await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(Method<Ask, Answer>("Slow"), new Ask())); // the timeout passes
        await chat.WriteAsync(new Ask { What = "b" });
        Assert.Equal("b", (await (await chat.Responses).ReadAsync())!.Text);
    }

    [Fact]
    public async Task Errors_of_the_service_and_of_the_gateway_are_statuses()
    {
        using var channel = Channel();
        Assert.Equal((RpcStatusCode.NotFound, "größer"), await StatusAsync(channel, "Fail", new Ask { What = "größer", Count = 5 }));
        await WithTimeoutAsync();
        var slow = await StatusAsync(channel, "Slow", new Ask());
        Assert.Equal(RpcStatusCode.DeadlineExceeded, slow.Code);
        Assert.Contains("did not answer within 1 s", slow.Message, StringComparison.Ordinal);

        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, _shop.Address, RoutesFiles.Grpc, (RoutePolicy.AuthKey, "Required")));
        Assert.Equal(RpcStatusCode.Unauthenticated, (await StatusAsync(channel, "Get", new Ask())).Code);
        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, _shop.Address, RoutesFiles.Grpc, (RoutePolicy.RateKey, "0.001"), (RoutePolicy.BurstKey, "1")));
        Assert.Equal(RpcStatusCode.Ok, (await StatusAsync(channel, "Get", new Ask())).Code);
        Assert.Equal(RpcStatusCode.ResourceExhausted, (await StatusAsync(channel, "Get", new Ask())).Code);
        await _gateway.ReplaceAsync(RoutesFiles.Empty());
        Assert.Equal(RpcStatusCode.Unimplemented, (await StatusAsync(channel, "Get", new Ask())).Code);
        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, _shop.Address, RoutesFiles.Grpc));
        await _shop.DisposeAsync();
        // A connection from before may break off under the first calls; none of them succeeds.
        var gone = await Eventually.That(
            () => StatusAsync(channel, "Get", new Ask()), s => s.Code != RpcStatusCode.Unavailable || s.Message.Contains("cannot be reached", StringComparison.Ordinal));
        Assert.Equal(RpcStatusCode.Unavailable, gone.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GrpcWeb_is_unary_and_streaming_binary_and_text_over_both_versions(bool isText)
    {
        foreach (var client in (HttpClient[])[_gateway.Http, _gateway.Http2])
        {
            var (messages, trailers) = await WebAsync(client, "Get", new Ask { What = "tea" }, isText);
            Assert.Equal([new Answer { Text = "got tea" }], messages);
            Assert.Equal("0", trailers["grpc-status"]);
            Assert.Equal("so", trailers["x-end"]);

            (messages, trailers) = await WebAsync(client, "List", new Ask { What = "x", Count = 300 }, isText);
            Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), messages.Select(m => m.Number));
            Assert.Equal("0", trailers["grpc-status"]);

            (messages, trailers) = await WebAsync(client, "List", new Ask { What = "fail", Count = 2 }, isText);
            Assert.Equal(2, messages.Count);
            Assert.Equal(("10", "enough"), (trailers["grpc-status"], trailers["grpc-message"]));

            (messages, trailers) = await WebAsync(client, "Fail", new Ask { What = "no", Count = 7 }, isText);
            Assert.Empty(messages);
            Assert.Equal(("7", "no"), (trailers["grpc-status"], trailers["grpc-message"]));
        }
    }

    [Fact]
    public async Task GrpcWeb_text_may_come_in_pieces_of_base64_with_padding_in_between()
    {
        var frame = GrpcFrames.Frame(new Ask { What = "in pieces" }.ToByteArray());
        var text = string.Concat(frame.Select(b => Convert.ToBase64String([b])));
        var (messages, _) = await WebAsync(_gateway.Http, "Get", Encoding.ASCII.GetBytes(text), isText: true);
        Assert.Equal([new Answer { Text = "got in pieces" }], messages);

        using var broken = Web("Get", "this is not base64"u8.ToArray(), isText: true);
        var answer = await _gateway.Http.SendAsync(broken);
        Assert.Equal(["3"], answer.Headers.GetValues("grpc-status"));
    }

    [Fact]
    public async Task GrpcWeb_learns_the_gateways_reasons_as_statuses()
    {
        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, _shop.Address, RoutesFiles.Grpc, (RoutePolicy.AuthKey, "Required")));
        var (_, trailers) = await WebAsync(_gateway.Http, "Get", new Ask(), isText: false);
        Assert.Equal("16", trailers["grpc-status"]);
        await using var web = await Upstream.StartAsync(context => context.Response.WriteAsync("<html>"), HttpProtocols.Http2);
        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, web.Address, RoutesFiles.Grpc));
        (_, trailers) = await WebAsync(_gateway.Http, "Get", new Ask(), isText: false);
        Assert.Equal("2", trailers["grpc-status"]);
    }

    [Fact]
    public async Task A_malformed_message_is_the_backends_to_refuse_and_the_next_call_goes_on()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{ShopServer.Path}/Get")
        {
            Content = new ByteArrayContent([0, 0xFF, 0xFF, 0xFF, 0xFF, 1]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
            Version = HttpVersion.Version20,
        };
        var answer = await _gateway.Http2.SendAsync(request);
        await answer.Content.ReadAsByteArrayAsync();
        var status = answer.Headers.Concat(answer.TrailingHeaders).Single(h => h.Key == "grpc-status").Value.Single();
        Assert.NotEqual("0", status);
        using var channel = Channel();
        Assert.Equal(RpcStatusCode.Ok, (await StatusAsync(channel, "Get", new Ask())).Code);
    }

    /// <summary>What does not begin to answer within a second is given up from now on.</summary>
    private Task WithTimeoutAsync() => _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, _shop.Address, RoutesFiles.Grpc, (RoutePolicy.TimeoutKey, "1")));

    private RpcChannel Channel() => new(_gateway.Address.GetLeftPart(UriPartial.Authority), new RpcChannelOptions { Attempts = 1 });

    private static RpcMethod<TRequest, TResponse> Method<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() => RpcMethod.Of<TRequest, TResponse>(Service.FindMethodByName(name));

    private static async Task<(RpcStatusCode Code, string Message)> StatusAsync(RpcChannel channel, string method, Ask ask)
    {
        try
        {
            await channel.UnaryAsync(Method<Ask, Answer>(method), ask);
            return (RpcStatusCode.Ok, "");
        }
        catch (RpcException e)
        {
            return (e.Status.Code, e.Status.Message);
        }
    }

    private static HttpRequestMessage Web(string method, byte[] body, bool isText) => new(HttpMethod.Post, $"{ShopServer.Path}/{method}")
    {
        Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(isText ? "application/grpc-web-text" : "application/grpc-web+proto") } },
    };

    private static Task<(List<Answer> Messages, Dictionary<string, string> Trailers)> WebAsync(HttpClient client, string method, Ask ask, bool isText)
    {
        var frame = GrpcFrames.Frame(ask.ToByteArray());
        return WebAsync(client, method, isText ? Encoding.ASCII.GetBytes(Convert.ToBase64String(frame)) : frame, isText);
    }

    private static async Task<(List<Answer> Messages, Dictionary<string, string> Trailers)> WebAsync(HttpClient client, string method, byte[] body, bool isText)
    {
        using var request = Web(method, body, isText);
        request.Version = client.DefaultRequestVersion;
        var answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(isText ? "application/grpc-web-text+proto" : "application/grpc-web+proto", answer.Content.Headers.ContentType!.ToString());
        Assert.Empty(answer.TrailingHeaders);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        if (isText)
            bytes = Unpieced(Encoding.ASCII.GetString(bytes));
        var messages = new List<Answer>();
        var trailers = answer.Headers.Where(h => h.Key.StartsWith("grpc-", StringComparison.Ordinal)).ToDictionary(h => h.Key, h => h.Value.Single());
        for (var i = 0; i < bytes.Length;)
        {
            var length = (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(i + 1));
            var content = bytes[(i + 5)..(i + 5 + length)];
            if (bytes[i] == GrpcFrames.Trailers)
                trailers = Encoding.ASCII.GetString(content).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1]);
            else
                messages.Add(Answer.Parser.ParseFrom(content));
            i += 5 + length;
        }

        return (messages, trailers);
    }

    private static byte[] Unpieced(string text) => [.. text.Chunk(4).SelectMany(quad => Convert.FromBase64CharArray(quad, 0, 4))];
}
