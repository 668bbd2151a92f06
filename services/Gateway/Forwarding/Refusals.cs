using Fleet.Rpc;
using System.Globalization;
using Fleet.Hosting;

namespace Fleet.Gateway;

/// <summary>Writes refusals: problem details (RFC 9457), a gRPC status, or a Connect error, as the caller speaks.</summary>
internal static class Refusals
{
    public static void Refuse(this HttpContext context, Refusal refusal) => context.Features.Set(refusal);

    public static Refusal? Refusal(this HttpContext context) => context.Features.Get<Refusal>();

    public static Task WriteAsync(HttpContext context, Refusal refusal)
    {
        var response = context.Response;
        response.Clear(); // what was set for the answer that did not come about
        if (refusal.Challenge is { } challenge)
            response.Headers.WWWAuthenticate = challenge;
        if (refusal.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (refusal.ClosesConnection && context.Request.Protocol == HttpProtocol.Http11)
            response.Headers.Connection = "close";
        return CallerProtocols.Of(context) switch
        {
            CallerProtocol.Grpc => GrpcAsync(context, refusal, "application/grpc"),
            CallerProtocol.GrpcWeb => GrpcAsync(context, refusal, "application/grpc-web+proto"),
            CallerProtocol.GrpcWebText => GrpcAsync(context, refusal, "application/grpc-web-text+proto"),
            CallerProtocol.Connect => ConnectError.WriteAsync(context, refusal),
            _ => Problems.WriteAsync(context, refusal.Status, refusal.Detail, extensions: new Dictionary<string, string> { ["reason"] = refusal.Reason }),
        };
    }

    /// <summary>An answer of headers alone ("Trailers-Only"), which both gRPC and gRPC-Web know.</summary>
    private static Task GrpcAsync(HttpContext context, Refusal refusal, string contentType)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = contentType;
        context.Response.Headers[RpcHeaders.Status] = ((int)refusal.Code).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[RpcHeaders.Message] = RpcHeaders.PercentEncode(refusal.Detail);
        return context.Response.CompleteAsync();
    }
}
