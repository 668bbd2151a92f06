using Fleet.Rpc;

namespace Fleet.Gateway;

/// <summary>
/// Why the gateway answers a request itself, in the words of both worlds. Any step sets it (<see cref="Refusals.Refuse"/>) and returns; the outermost step
/// writes it in the caller's protocol.
/// </summary>
/// <param name="Status">For HTTP.</param>
/// <param name="Code">For gRPC, gRPC-Web and Connect.</param>
/// <param name="Reason">In metrics and logs; one of few.</param>
/// <param name="Detail">For the caller: what is wrong this time.</param>
internal sealed record Refusal(int Status, RpcStatusCode Code, string Reason, string Detail)
{
    /// <summary>For 401 (RFC 6750).</summary>
    public string? Challenge { get; init; }

    /// <summary>For 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The caller's connection cannot be trusted to be in step any more, and is closed.</summary>
    public bool ClosesConnection { get; init; }

    /// <summary>The backend's own details of an error, a serialized google.rpc.Status.</summary>
    public byte[]? Details { get; init; }

    public static Refusal NoRoute(HttpContext context) =>
        new(StatusCodes.Status404NotFound, RpcStatusCode.Unimplemented, "no-route", $"there is no route to {context.Request.Host}{context.Request.Path}");

    public static Refusal Unauthorized(string detail, string challenge) =>
        new(StatusCodes.Status401Unauthorized, RpcStatusCode.Unauthenticated, "unauthorized", detail) { Challenge = challenge };

    public static Refusal TooLarge(string detail) =>
        new(StatusCodes.Status413PayloadTooLarge, RpcStatusCode.ResourceExhausted, "too-large", detail);

    public static Refusal BadRequest(string detail) =>
        new(StatusCodes.Status400BadRequest, RpcStatusCode.InvalidArgument, "bad-request", detail);

    public static Refusal Unsupported(string detail) =>
        new(StatusCodes.Status415UnsupportedMediaType, RpcStatusCode.InvalidArgument, "unsupported-media-type", detail);

    public static Refusal Unavailable(string reason, string detail) =>
        new(StatusCodes.Status503ServiceUnavailable, RpcStatusCode.Unavailable, reason, detail) { RetryAfter = TimeSpan.FromSeconds(1) };

    public static Refusal BrokeOff(string detail) =>
        new(StatusCodes.Status502BadGateway, RpcStatusCode.Unavailable, "upstream-broke-off", detail);

    public static Refusal TooSlow(string detail) =>
        new(StatusCodes.Status504GatewayTimeout, RpcStatusCode.DeadlineExceeded, "upstream-too-slow", detail);

    /// <summary>Not about this request: an error of the server itself, or of Kestrel's reading of the request.</summary>
    public static Refusal OfStatus(int status, string detail) => status switch
    {
        StatusCodes.Status413PayloadTooLarge => TooLarge(detail),
        >= 500 => new(status, RpcStatusCode.Internal, "internal", detail),
        _ => new(status, RpcStatusCode.InvalidArgument, "bad-request", detail),
    };
}
