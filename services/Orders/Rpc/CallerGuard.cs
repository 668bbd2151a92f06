using Fleet.Hosting;
using Fleet.Rpc;

namespace Fleet.Orders;

/// <summary>Finds out who calls, from the bearer token in the metadata (RFC 6750, as gRPC clients send it).</summary>
internal sealed class CallerGuard(TokenVerifier verifier)
{
    private const string Scheme = "Bearer ";

    /// <summary>Refuses calls without a good token: UNAUTHENTICATED, or UNAVAILABLE while nobody can tell.</summary>
    public async ValueTask CheckAsync(RpcCall call)
    {
        if (!verifier.IsEnabled)
        {
            call.Http.Features.Set(new Known(Caller.Anyone, null));
            return;
        }

        if (call.Metadata.Find("authorization") is not { } header || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw new RpcException(RpcStatusCode.Unauthenticated, "the call needs the metadata 'authorization: Bearer <token>'");
        var token = header[Scheme.Length..].Trim();
        switch (await verifier.VerifyAsync(token, call.Stop))
        {
            case TokenResult.Valid valid:
                call.Http.Features.Set(new Known(valid.Caller, token));
                break;
            case TokenResult.Invalid invalid:
                throw new RpcException(RpcStatusCode.Unauthenticated, invalid.Reason);
            case TokenResult.Unavailable unavailable:
                throw new RpcException(RpcStatusCode.Unavailable, $"auth: {unavailable.Reason}");
        }
    }

    /// <summary>Who calls.</summary>
    public static Caller CallerOf(RpcCall call) => call.Http.Features.Get<Known>()!.Caller;

    /// <summary>The caller's token, to ask others in its name.</summary>
    public static string? TokenOf(RpcCall call) => call.Http.Features.Get<Known>()!.Token;

    private sealed record Known(Caller Caller, string? Token);
}
