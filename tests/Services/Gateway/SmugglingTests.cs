using System.Net;
using System.Text;
using Fleet.Gateway;
using Fleet.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>Pairs of requests that two servers in a row could cut in different places. The second one must never reach the backend.</summary>
public sealed class SmugglingTests : IAsyncLifetime
{
    private Upstream _backend = null!;
    private TestGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _backend = await Upstream.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await context.Response.WriteAsync("backend");
        });
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    public static TheoryData<string, string> Pairs => new()
    {
        { "CL.TE", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" },
        { "TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n" },
        { "TE.TE, second unknown", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" },
        { "TE.TE, first unknown", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "TE xchunked", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "TE chunked twice", "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" },
        { "TE gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "TE chunked, identity", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" },
        { "space before the colon", "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "vertical tab in the value", "Transfer-Encoding:\u000bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "folded line", "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!" },
        { "two lengths in one", "Content-Length: 5, 6\r\n\r\nhello!" },
        { "hexadecimal length", "Content-Length: 0x5\r\n\r\nhello" },
        { "chunk size that overflows", "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n" },
        { "chunk size with a sign", "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n" },
        { "chunk without its line end", "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n" },
        { "line feed without carriage return in a value", "X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" },
        { "null in a name", "X\0: a\r\nContent-Length: 0\r\n\r\n" },
    };

    [Theory, MemberData(nameof(Pairs))]
    public async Task A_request_of_doubtful_length_is_refused_and_the_connection_is_closed(string name, string rest)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("POST /first HTTP/1.1\r\nHost: a\r\n" + rest + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.True(answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal) || answer.StartsWith("HTTP/1.1 501", StringComparison.Ordinal), $"{name}: {answer}");
        Assert.DoesNotContain("backend", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("/smuggled", _backend.Paths);
    }

    [Fact]
    public async Task Chunked_in_any_letters_is_chunked_and_an_honest_second_request_is_a_second_request()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal(2, answer.Split("HTTP/1.1 200").Length - 1);
        Assert.Equal(["/first", "/second"], _backend.Paths);
    }

    [Fact]
    public async Task A_length_with_a_sign_goes_on_as_the_number_it_was_read_as()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhelloGET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        await client.ReadAsync();
        Assert.Equal(["/first", "/second"], _backend.Paths);
        Assert.Equal("5", _backend.Headers.First()["Content-Length"]);
    }

    public static TheoryData<string, string, string> Http2Headers => new()
    {
        { "transfer-encoding", "transfer-encoding", "chunked" },
        { "connection", "connection", "close" },
        { "keep-alive", "keep-alive", "5" },
        { "upgrade", "upgrade", "h2c" },
        { "te", "te", "gzip" },
        { "CRLF in a value", "x-a", "b\r\nGET /smuggled HTTP/1.1" },
        { "LF in a value", "x-a", "b\nc: d" },
        { "null in a value", "x-a", "b\0c" },
        { "CRLF in a name", "x-a\r\nb", "c" },
        { "capital in a name", "X-A", "b" },
        { "colon in a name", "x:a", "b" },
        { "second path", ":path", "/smuggled" },
        { "wrong length", "content-length", "5" },
    };

    [Theory, MemberData(nameof(Http2Headers))]
    public async Task A_header_that_HTTP2_forbids_ends_the_stream(string name, string header, string value)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync([.. Preface.Bytes, .. Frame(4, 0, 0, []), .. Frame(1, 5, 1, [.. Hpack(":method", "POST"), .. Hpack(":scheme", "http"), .. Hpack(":path", "/first"), .. Hpack(":authority", "a"), .. Hpack(header, value)])]);
        var frames = await ReadFramesAsync(client, f => f.Type is 3 or 7 || (f.Type is 1 && f.Stream == 1));
        // RST_STREAM or GOAWAY, or a 400 of HTTP/2: never the backend's answer.
        Assert.True(frames[^1].Type is 3 or 7 || !frames[^1].Payload.AsSpan().StartsWith((byte[])[0x88]), name);
        Assert.Empty(_backend.Paths);
        Assert.Equal("backend", await _gateway.Http2.GetStringAsync("/still-there"));
    }

    [Theory]
    [InlineData("a frame longer than allowed", new byte[] { 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1 })]
    [InlineData("DATA on stream 0", new byte[] { 0, 0, 1, 0, 0, 0, 0, 0, 0, 1 })]
    [InlineData("HEADERS that are no HPACK", new byte[] { 0, 0, 2, 1, 5, 0, 0, 0, 1, 0xFF, 0xFF })]
    [InlineData("CONTINUATION out of nowhere", new byte[] { 0, 0, 1, 9, 4, 0, 0, 0, 1, 0x88 })]
    [InlineData("SETTINGS of an odd length", new byte[] { 0, 0, 1, 4, 0, 0, 0, 0, 0, 1 })]
    public async Task Malformed_frames_end_the_connection_and_nothing_else(string name, byte[] frame)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync([.. Preface.Bytes, .. Frame(4, 0, 0, []), .. frame]);
        var frames = await ReadFramesAsync(client, f => f.Type == 7);
        Assert.True(frames.Count > 0 && frames[^1].Type == 7, name);
        Assert.Equal("backend", await _gateway.Http2.GetStringAsync("/still-there"));
    }

    [Fact]
    public async Task An_upgrade_to_HTTP2_is_not_passed_on()
    {
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n");
        Assert.Contains("200 OK", await client.ReadAsync(), StringComparison.Ordinal);
        var headers = Assert.Single(_backend.Headers);
        Assert.DoesNotContain("Upgrade", headers.Keys);
        Assert.DoesNotContain("HTTP2-Settings", headers.Keys);
    }

    [Fact]
    public async Task A_body_that_is_larger_than_allowed_is_413_whether_it_says_so_or_not()
    {
        // The client asks first: it would lose the answer with the connection, did it still send.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/x") { Content = new ByteArrayContent(new byte[2 << 20]), Headers = { ExpectContinue = true } };
        var declared = await _gateway.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, declared.StatusCode);
        Assert.Equal("application/problem+json", declared.Content.Headers.ContentType!.MediaType);
        Assert.Empty(_backend.Paths);

        // Without a length it is found out on the way. The answer may then be lost with the connection, since the client still sends.
        using var client = await RawClient.ConnectAsync(_gateway.Port);
        await client.SendAsync("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
                await client.SendAsync("10000\r\n" + new string('x', 0x10000) + "\r\n");
        });
        Assert.True(await client.StatusAsync() is 413 or 0);
        Assert.Equal("backend", await _gateway.Http.GetStringAsync("/still-there"));
    }

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    /// <summary>A literal without indexing, both parts as they are (RFC 7541, section 6.2.2).</summary>
    private static byte[] Hpack(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.Latin1.GetBytes(name), (byte)value.Length, .. Encoding.Latin1.GetBytes(value)];

    private static async Task<List<(byte Type, int Stream, byte[] Payload)>> ReadFramesAsync(RawClient client, Func<(byte Type, int Stream, byte[] Payload), bool> last)
    {
        var frames = new List<(byte, int, byte[])>();
        var head = new byte[9];
        using var patience = new CancellationTokenSource(Eventually.Patience);
        try
        {
            while (true)
            {
                await client.Stream.ReadExactlyAsync(head, patience.Token);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await client.Stream.ReadExactlyAsync(payload, patience.Token);
                frames.Add((head[3], head[8], payload));
                if (last(frames[^1]))
                    return frames;
            }
        }
        catch (IOException)
        {
            return frames;
        }
    }
}
