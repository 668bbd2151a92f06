using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.Rpc;
using Fleet.ServiceTests.Gateway.Rich;
using Fleet.Testing;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>Connect's unary calls, and curl, to a gRPC service that knows nothing of them.</summary>
public sealed class ConnectTests : IAsyncLifetime
{
    private ShopServer _shop = null!;
    private TestGateway _gateway = null!;

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

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/x-www-form-urlencoded")] // what `curl -d` says when it is told nothing
    public async Task Json_comes_and_goes(string contentType)
    {
        foreach (var client in (HttpClient[])[_gateway.Http, _gateway.Http2])
        {
            var answer = await client.SendAsync(Call("Get", """{"what": "tea", "count": 3}""", contentType));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
            Assert.Equal("""{"text":"got tea","number":"3"}""", await answer.Content.ReadAsStringAsync());
            Assert.Equal(["shop"], answer.Headers.GetValues("x-from"));
            Assert.Equal(["so"], answer.Headers.GetValues("trailer-x-end"));
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task Every_type_survives_the_way_there_and_back()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var message = new RandomMessages(seed).Next();
            var answer = await _gateway.Http.SendAsync(Call("Echo", TranscodingTests.Formatter.Format(message)));
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, text);
            Assert.Equal(message, TranscodingTests.Parser.Parse<Rich.Rich>(text));
        }
    }

    [Fact]
    public async Task Protobuf_comes_and_goes_without_asking_for_types()
    {
        var request = Call("Get", "", "application/proto");
        request.Content = new ByteArrayContent(new Ask { What = "tea", Count = 3 }.ToByteArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/proto") } };
        var answer = await _gateway.Http.SendAsync(request);
        Assert.Equal("application/proto", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(new Answer { Text = "got tea", Number = 3 }, Answer.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync()));
        Assert.Equal(0, _shop.Reflections);

        var empty = await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, Path("Get")) { Content = new ByteArrayContent([]) { Headers = { ContentType = new MediaTypeHeaderValue("application/proto") } } });
        Assert.Equal(new Answer { Text = "got " }, Answer.Parser.ParseFrom(await empty.Content.ReadAsByteArrayAsync()));
    }

    [Theory]
    [InlineData(RpcStatusCode.Cancelled, 499, "canceled")]
    [InlineData(RpcStatusCode.Unknown, 500, "unknown")]
    [InlineData(RpcStatusCode.InvalidArgument, 400, "invalid_argument")]
    [InlineData(RpcStatusCode.DeadlineExceeded, 504, "deadline_exceeded")]
    [InlineData(RpcStatusCode.NotFound, 404, "not_found")]
    [InlineData(RpcStatusCode.AlreadyExists, 409, "already_exists")]
    [InlineData(RpcStatusCode.PermissionDenied, 403, "permission_denied")]
    [InlineData(RpcStatusCode.ResourceExhausted, 429, "resource_exhausted")]
    [InlineData(RpcStatusCode.FailedPrecondition, 400, "failed_precondition")]
    [InlineData(RpcStatusCode.Aborted, 409, "aborted")]
    [InlineData(RpcStatusCode.OutOfRange, 400, "out_of_range")]
    [InlineData(RpcStatusCode.Unimplemented, 501, "unimplemented")]
    [InlineData(RpcStatusCode.Internal, 500, "internal")]
    [InlineData(RpcStatusCode.Unavailable, 503, "unavailable")]
    [InlineData(RpcStatusCode.DataLoss, 500, "data_loss")]
    [InlineData(RpcStatusCode.Unauthenticated, 401, "unauthenticated")]
    public async Task An_error_of_the_service_is_Connects_error(RpcStatusCode code, int status, string name)
    {
        var answer = await _gateway.Http.SendAsync(Call("Fail", $$"""{"what": "not so, größer", "count": {{(int)code}}}"""));
        var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal((status, name, "not so, größer"), ((int)answer.StatusCode, (string?)error["code"], (string?)error["message"]));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
    }

    [Theory]
    [InlineData("""{"what": 1}""", 400, "$.what")]
    [InlineData("""{"waht": "tea"}""", 400, "$.waht")]
    [InlineData("""{"what": "tea" """, 400, "not JSON")]
    public async Task What_is_wrong_in_the_json_is_named(string json, int status, string part)
    {
        var answer = await _gateway.Http.SendAsync(Call("Get", json));
        Assert.Equal(status, (int)answer.StatusCode);
        var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal("invalid_argument", (string?)error["code"]);
        Assert.Contains(part, (string?)error["message"], StringComparison.Ordinal);
        Assert.Equal(0, _shop.Calls);
    }

    [Fact]
    public async Task What_cannot_be_called_so_is_refused_with_the_reason()
    {
        await AssertRefused(Call("Nope", "{}"), 404, "unimplemented", "not a method");
        await AssertRefused(Call("List", "{}"), 501, "unimplemented", "streams");
        await AssertRefused(Call("Get", "a=b&c=d", "application/x-www-form-urlencoded"), 415, "invalid_argument", "form");
        await AssertRefused(Call("Get", "<a/>", "text/xml"), 415, "invalid_argument", "application/json");
        await AssertRefused(new HttpRequestMessage(HttpMethod.Put, Path("Get")), 405, "unimplemented", "POST");
        await AssertRefused(Call("Get", "{}").With("Connect-Protocol-Version", "2"), 400, "invalid_argument", "version 1");
        await AssertRefused(Call("Get", "{}").With("Connect-Timeout-Ms", "soon"), 400, "invalid_argument", "Connect-Timeout-Ms");
        var encoded = Call("Get", "{}");
        encoded.Content!.Headers.ContentEncoding.Add("br");
        await AssertRefused(encoded, 501, "unimplemented", "gzip");
    }

    [Fact]
    public async Task Gzip_is_taken_and_more_than_the_limit_is_not()
    {
        var answer = await _gateway.Http.SendAsync(Gzipped("""{"what": "tea"}"""u8.ToArray()));
        Assert.Equal("""{"text":"got tea"}""", await answer.Content.ReadAsStringAsync());

        await AssertRefused(Gzipped(new byte[8 << 20]), 413, "resource_exhausted", "larger than the limit");
        await AssertRefused(Gzipped([], broken: true), 400, "invalid_argument", "gzip");
        Assert.Equal(1, _shop.Calls);
    }

    [Fact]
    public async Task The_callers_deadline_goes_along_and_is_kept()
    {
        do
        {
            var answer = await _gateway.Http.SendAsync(Call("Slow", "{}").With("Connect-Timeout-Ms", "200"));
            var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.Equal((504, "deadline_exceeded"), ((int)answer.StatusCode, (string?)error["code"]));
        }
        while (_shop.Deadlines.IsEmpty); // on a busy machine the time may have passed before the call was there
        Assert.All(_shop.Deadlines, deadline => Assert.Equal("200000u", deadline));
    }

    [Fact]
    public async Task A_method_without_side_effects_is_called_by_GET()
    {
        Assert.Equal(
            """{"text":"got tea"}""",
            await _gateway.Http.GetStringAsync($"{Path("Get")}?connect=v1&encoding=json&message={Uri.EscapeDataString("""{"what":"tea"}""")}"));
        var base64 = Convert.ToBase64String(new Ask { What = "tea" }.ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        Assert.Equal(
            new Answer { Text = "got tea" },
            Answer.Parser.ParseFrom(await _gateway.Http.GetByteArrayAsync($"{Path("Get")}?connect=v1&encoding=proto&base64=1&message={base64}")));
        await AssertRefused(new HttpRequestMessage(HttpMethod.Get, $"{Path("Put")}?connect=v1&encoding=json&message={{}}"), 405, "unimplemented", "POST");
        await AssertRefused(new HttpRequestMessage(HttpMethod.Get, Path("Get")), 400, "invalid_argument", "encoding");
    }

    [Fact]
    public async Task Types_are_asked_for_once_and_unknown_ones_not_more_often_than_allowed()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _gateway.Http.SendAsync(Call("Get", "{}"))));
        Assert.Equal(1, _shop.Reflections);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 20; i++)
            await _gateway.Http.SendAsync(Call("Nope" + i, "{}"));
        Assert.InRange(_shop.Reflections, 1, 2 + (int)(Stopwatch.GetElapsedTime(began) / BackendTypes.AskAtMostEvery));
    }

    [Fact]
    public async Task A_backend_without_reflection_takes_protobuf_and_says_why_it_takes_no_json()
    {
        await using var shop = await ShopServer.StartAsync(withReflection: false);
        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, shop.Address, RoutesFiles.Grpc));
        await AssertRefused(Call("Get", "{}"), 501, "unimplemented", "reflection");
    }

    [Fact]
    public async Task An_answer_larger_than_is_kept_is_refused()
    {
        var answer = await _gateway.Http.SendAsync(Call("Large", """{"count": 9000000}"""));
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("limit", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var large = await _gateway.Http.SendAsync(Call("Large", """{"count": 3000000}"""));
        Assert.Equal(3_000_011, (await large.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task A_backend_that_is_gone_is_unavailable()
    {
        await _shop.DisposeAsync();
        await AssertRefused(Call("Get", "{}"), 503, "unavailable", "cannot be reached");
        // A connection that looked after its health may break off under the first call.
        var status = await Eventually.That(async () => (await _gateway.Http.SendAsync(Call("Get", "", "application/proto"))).StatusCode, s => s != HttpStatusCode.BadGateway);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        await AssertRefused(Call("Get", "", "application/proto"), 503, "unavailable", "cannot be reached");
    }

    [Fact]
    public async Task A_backend_that_is_no_gRPC_server_is_told_from_one()
    {
        await using var web = await Upstream.StartAsync(context => context.Response.WriteAsync("<html>"), Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2);
        await _gateway.ReplaceAsync(RoutesFiles.Of(ShopServer.Path, web.Address, RoutesFiles.Grpc));
        await AssertRefused(Call("Get", "", "application/proto"), 500, "unknown", "without a gRPC status");
    }

    private static string Path(string method) => $"{ShopServer.Path}/{method}";

    private static HttpRequestMessage Call(string method, string body, string contentType = "application/json") => new(HttpMethod.Post, Path(method))
    {
        Content = new StringContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } },
    };

    internal static HttpRequestMessage Gzipped(byte[] body, bool broken = false)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(body);
        var request = Call("Get", "");
        request.Content = new ByteArrayContent(broken ? "no gzip at all"u8.ToArray() : bytes.ToArray())
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json"), ContentEncoding = { "gzip" } },
        };
        return request;
    }

    private async Task AssertRefused(HttpRequestMessage request, int status, string code, string part)
    {
        using (request)
        {
            var answer = await _gateway.Http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode} {text}");
            var error = JsonNode.Parse(text)!;
            Assert.Equal(code, (string?)error["code"]);
            Assert.Contains(part, (string?)error["message"], StringComparison.Ordinal);
        }
    }
}

internal static class Requests
{
    public static HttpRequestMessage With(this HttpRequestMessage request, string name, string value)
    {
        request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}
