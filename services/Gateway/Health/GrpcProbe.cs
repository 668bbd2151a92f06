using System.Net;
using System.Net.Http.Headers;
using Fleet.Rpc;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Fleet.Gateway;

/// <summary>The probe of a gRPC destination: <c>grpc.health.v1.Health/Check</c> of the server as a whole (the empty service name).</summary>
internal sealed class GrpcProbe : IProbingRequestFactory
{
    public static readonly HttpRequestOptionsKey<bool> Key = new("fleet.grpc-probe");

    private const string Path = "/grpc.health.v1.Health/Check";

    public HttpRequestMessage CreateRequest(ClusterModel cluster, DestinationModel destination)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, destination.Config.Address.TrimEnd('/') + Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } }, // one empty message
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Host = destination.Config.Host;
        request.Options.Set(Key, true);
        return request;
    }
}

/// <summary>
/// Reads a probe's answer to its end, where gRPC puts the verdict, and turns it into 200 or 503. Whatever shows that a server is there and works counts as
/// healthy, UNIMPLEMENTED above all: most servers have no health service.
/// </summary>
internal sealed class GrpcProbeHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxAnswer = 1024;
    private const ulong NotServing = 2;

    // What is forwarded passes without a step of its own.
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Options.TryGetValue(GrpcProbe.Key, out _) ? ProbeAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> ProbeAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using var response = await base.SendAsync(request, stop);
        await response.Content.LoadIntoBufferAsync(MaxAnswer, stop);
        var body = await response.Content.ReadAsByteArrayAsync(stop);
        return new HttpResponseMessage(IsHealthy(response, body) ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
    }

    private static bool IsHealthy(HttpResponseMessage response, byte[] body)
    {
        if (response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
            return false; // somebody in front of the server, who did not reach it
        var status = Value(response.TrailingHeaders) ?? Value(response.Headers);
        return status != (int)RpcStatusCode.Unavailable && !(status == (int)RpcStatusCode.Ok && IsNotServing(body));
    }

    private static int? Value(HttpHeaders headers) =>
        headers.TryGetValues("grpc-status", out var values) && int.TryParse(values.First(), out var status) ? status : null;

    /// <summary>HealthCheckResponse: an enum in field 1, after the five bytes of the frame.</summary>
    private static bool IsNotServing(byte[] body) =>
        body.Length > 5 && WireMessage.Parse(Google.Protobuf.ByteString.CopyFrom(body.AsSpan(5)))[1] is { Count: > 0 } status && status[^1].Number == NotServing;
}
