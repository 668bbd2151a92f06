using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fleet.Testing;
using Xunit;

namespace Fleet.ServiceTests.Story;

/// <summary>Requests that are meant to fill memory, sent to the real processes.</summary>
[Collection(nameof(Alone))]
public sealed class FloodTests
{
    private const int Rounds = 60;
    private const int Bomb = 64 * 1024 * 1024;

    /// <summary>What a process may grow by, in bytes, while it is sent several gigabytes: its heap grows a little before it is collected.</summary>
    private const long Growth = 150 * 1024 * 1024;

    [Fact]
    public async Task Bombs_and_floods_are_refused_and_memory_stays_flat()
    {
        await using var shop = await Shop.StartAsync();
        using var ann = await Customer.JoinAsync(shop.Gateway);
        await ann.PlaceAsync("warm");
        // Who asks before it sends a body waits for the answer: while it still sent, the answer could be lost with the connection.
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, Expect100ContinueTimeout = Eventually.Patience }) { BaseAddress = shop.Gateway };
        var (packed, flood) = (Gzip(Bomb), new byte[8 * 1024 * 1024]);
        string[] watched = ["gateway", "orders", "users"];
        await RoundAsync();
        var before = watched.ToDictionary(name => name, name => shop[name].Memory(), StringComparer.Ordinal);
        for (var i = 0; i < Rounds; i++)
            await RoundAsync();
        foreach (var name in watched)
        {
            var grown = shop[name].Memory() - before[name];
            Assert.True(grown < Growth, $"{name} grew by {grown >> 20} MiB");
        }

        Assert.Equal("ORDER_STATE_PLACED", await ann.StateAsync(await ann.PlaceAsync("after")));

        async Task RoundAsync()
        {
            // A bomb as a Connect request, which the gateway unpacks.
            using var connect = Request(HttpMethod.Post, "orders.v1.Orders/GetOrder", packed, "application/json");
            connect.Content!.Headers.ContentEncoding.Add("gzip");
            using var refused = await http.SendAsync(connect);
            Assert.Equal("resource_exhausted", (string?)(await Customer.JsonAsync(refused))["code"]);

            // The same as a gRPC message, which goes through to the service.
            using var grpc = Request(HttpMethod.Post, "orders.v1.Orders/GetOrder", [1, .. Length(packed.Length), .. packed], "application/grpc");
            (grpc.Version, grpc.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            grpc.Headers.Add("grpc-encoding", "gzip");
            grpc.Headers.TE.Add(new("trailers"));
            using var ended = await http.SendAsync(grpc);
            await ended.Content.ReadAsByteArrayAsync();
            Assert.Equal("8", ended.TrailingHeaders.Concat(ended.Headers).First(h => h.Key == "grpc-status").Value.Single());

            // A body that is larger than any that is taken.
            using var large = Request(HttpMethod.Post, "users", flood, "application/json");
            large.Headers.ExpectContinue = true;
            using var tooLarge = await http.SendAsync(large);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        }

        HttpRequestMessage Request(HttpMethod method, string path, byte[] body, string type)
        {
            var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ann.Token);
            return request;
        }
    }

    private static byte[] Length(int length) => [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];

    private static byte[] Gzip(int length)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(Encoding.ASCII.GetBytes(new string(' ', length)));
        return packed.ToArray();
    }
}
