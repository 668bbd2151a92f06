using System.Net;

namespace Fleet.Rpc;

/// <summary>What a server's answer, or the lack of one, means.</summary>
internal static class Outcome
{
    /// <summary>Refuses an answer that is no gRPC, and one that ends in its headers with another status than OK ("Responses", Trailers-Only).</summary>
    public static void CheckHeaders(HttpResponseMessage response)
    {
        if (StatusIn(response.Headers) is { } status)
        {
            if (status.Code != RpcStatusCode.Ok)
                throw new RpcException(status, RpcMetadata.From(response.Headers));
            return;
        }

        if (response.StatusCode != HttpStatusCode.OK)
            throw new RpcException(CodeOf(response.StatusCode), $"the server answered HTTP {(int)response.StatusCode}, which is no gRPC");
        if (!RpcHeaders.IsGrpc(response.Content.Headers.ContentType?.ToString()))
            throw new RpcException(RpcStatusCode.Unknown, $"the server answered {response.Content.Headers.ContentType}, which is no gRPC");
    }

    /// <summary>How a call ended whose body was read to its end.</summary>
    public static RpcStatus End(HttpResponseMessage response) =>
        StatusIn(response.TrailingHeaders) ?? StatusIn(response.Headers) ?? new(RpcStatusCode.Unknown, "the server's answer ends without grpc-status");

    /// <summary>The status of a failed connection or stream ("HTTP2 Transport Mapping", "Errors"); null for a failure of another kind.</summary>
    public static RpcStatus? Of(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpProtocolException protocol)
                return new(OfReset(protocol.ErrorCode), "the server reset the call: " + protocol.Message);
        }

        return e switch
        {
            HttpRequestException or IOException => new(RpcStatusCode.Unavailable, e.GetBaseException().Message),
            _ => null,
        };
    }

    private static RpcStatusCode OfReset(long http2) => http2 switch
    {
        0x7 => RpcStatusCode.Unavailable, // REFUSED_STREAM
        0x8 => RpcStatusCode.Cancelled, // CANCEL
        0xb => RpcStatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => RpcStatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => RpcStatusCode.Internal,
    };

    // "HTTP to gRPC Status Code Mapping".
    private static RpcStatusCode CodeOf(HttpStatusCode http) => http switch
    {
        HttpStatusCode.BadRequest => RpcStatusCode.Internal,
        HttpStatusCode.Unauthorized => RpcStatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => RpcStatusCode.PermissionDenied,
        HttpStatusCode.NotFound => RpcStatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => RpcStatusCode.Unavailable,
        _ => RpcStatusCode.Unknown,
    };

    private static RpcStatus? StatusIn(System.Net.Http.Headers.HttpHeaders headers)
    {
        if (Single(headers, RpcHeaders.Status) is not { } code)
            return null;
        var details = Single(headers, RpcHeaders.Details) is { } base64 ? RpcMetadata.FromBase64(base64) : null;
        return int.TryParse(code, out var number) && number is >= 0 and <= 16
            ? new((RpcStatusCode)number, RpcHeaders.PercentDecode(Single(headers, RpcHeaders.Message) ?? ""), details)
            : new(RpcStatusCode.Unknown, $"the server answered grpc-status {code}");
    }

    private static string? Single(System.Net.Http.Headers.HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
