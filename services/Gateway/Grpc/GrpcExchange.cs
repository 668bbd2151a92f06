using System.Globalization;
using Fleet.Rpc;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Fleet.Gateway;

/// <summary>
/// Dresses a request of another protocol as gRPC over HTTP/2 for the steps behind, whatever the caller came by, and takes the answer and its trailers before
/// they reach the caller. So translated calls are balanced, retried, timed and cleaned by the same steps as gRPC itself.
/// </summary>
internal sealed class GrpcExchange : IDisposable
{
    private readonly HttpContext _context;
    private readonly string _protocol;
    private readonly string _method;
    private readonly string? _contentType;
    private readonly Stream _body;
    private readonly IHttpResponseBodyFeature _response;
    private readonly IHttpResponseTrailersFeature? _trailers;
    private readonly IHttpRequestBodyDetectionFeature? _detection;
    private readonly CapturedTrailers _captured = new();

    public GrpcExchange(HttpContext context, Stream request, Stream response)
    {
        _context = context;
        (_protocol, _method, _contentType, _body) = (context.Request.Protocol, context.Request.Method, context.Request.ContentType, context.Request.Body);
        _response = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _trailers = context.Features.Get<IHttpResponseTrailersFeature>();
        _detection = context.Features.Get<IHttpRequestBodyDetectionFeature>();

        var headers = context.Request.Headers;
        context.Request.Protocol = HttpProtocol.Http2;
        context.Request.Method = HttpMethods.Post;
        context.Request.Body = request;
        context.Request.ContentType = "application/grpc";
        context.Request.ContentLength = null;
        headers.TransferEncoding = default;
        headers.Connection = default;
        headers[HeaderNames.TE] = "trailers";
        headers.AcceptEncoding = default;
        headers[RpcHeaders.AcceptEncoding] = "identity";
        context.Features.Set<IHttpRequestBodyDetectionFeature>(HasBody.Instance);
        context.Features.Set<IHttpResponseTrailersFeature>(_captured);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(response));
    }

    public IHeaderDictionary Trailers => _captured.Trailers;

    /// <summary>
    /// How the call ended. Without a grpc-status it ended somewhere in front of the server, and the HTTP status has to do ("HTTP to gRPC Status Code Mapping").
    /// </summary>
    public RpcStatus End()
    {
        var headers = Trailers.ContainsKey(RpcHeaders.Status) ? Trailers : _context.Response.Headers;
        if (int.TryParse(headers[RpcHeaders.Status], NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            return new RpcStatus((RpcStatusCode)code, RpcHeaders.PercentDecode(headers[RpcHeaders.Message].ToString()), Details(headers[RpcHeaders.Details].ToString()));
        var status = _context.Response.StatusCode;
        return new RpcStatus(
            status switch
            {
                StatusCodes.Status400BadRequest => RpcStatusCode.Internal,
                StatusCodes.Status401Unauthorized => RpcStatusCode.Unauthenticated,
                StatusCodes.Status403Forbidden => RpcStatusCode.PermissionDenied,
                StatusCodes.Status404NotFound => RpcStatusCode.Unimplemented,
                StatusCodes.Status429TooManyRequests or StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable
                    or StatusCodes.Status504GatewayTimeout => RpcStatusCode.Unavailable,
                _ => RpcStatusCode.Unknown,
            },
            $"the backend answered HTTP {status} without a gRPC status");
    }

    /// <summary>The caller's own request and response again.</summary>
    public void Dispose()
    {
        _context.Request.Protocol = _protocol;
        _context.Request.Method = _method;
        _context.Request.ContentType = _contentType;
        _context.Request.Body = _body;
        _context.Features.Set(_response);
        _context.Features.Set(_trailers);
        _context.Features.Set(_detection);
    }

    private static byte[]? Details(string text) => text.Length == 0 ? null : JsonScalars.Base64(text);

    private sealed class CapturedTrailers : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public static readonly HasBody Instance = new();

        public bool CanHaveBody => true;
    }
}
