using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Fleet.ServiceTests.Rpc.Echoes;
using Google.Protobuf;

namespace Fleet.ServiceTests.Rpc;

/// <summary>Sends what no good client would.</summary>
internal sealed class RawClient(string address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(30) };

    public static byte[] Message(EchoRequest request) => Frame(0, request.ToByteArray());

    public static byte[] Frame(byte flag, byte[] message, int? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(length ?? message.Length));
        message.CopyTo(frame, 5);
        return frame;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        var into = new MemoryStream();
        using (var gzip = new GZipStream(into, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        return into.ToArray();
    }

    public async Task<RawAnswer> PostAsync(
        byte[] body, string path = "/fleet.test.v1.Echo/Once", string contentType = "application/grpc", bool http2 = true, params (string Key, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } },
        };
        foreach (var (key, value) in headers)
            request.Headers.TryAddWithoutValidation(key, value);
        using var response = await _http.SendAsync(request);
        var content = await response.Content.ReadAsByteArrayAsync();
        return new(response.StatusCode, All(response.Headers), All(response.TrailingHeaders), content);
    }

    public void Dispose() => _http.Dispose();

    private static Dictionary<string, string> All(HttpHeaders headers) => headers.NonValidated.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());
}

/// <summary>An answer as it came.</summary>
internal sealed record RawAnswer(HttpStatusCode Http, Dictionary<string, string> Headers, Dictionary<string, string> Trailers, byte[] Body)
{
    /// <summary>The status code, wherever it was.</summary>
    public int? Code => int.TryParse(Trailers.GetValueOrDefault("grpc-status") ?? Headers.GetValueOrDefault("grpc-status"), out var code) ? code : null;
}
