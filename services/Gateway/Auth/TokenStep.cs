using Fleet.Hosting;

namespace Fleet.Gateway;

/// <summary>
/// Who calls, as far as the route wants to know. A bad token is refused on every route that looks at tokens: who sent it believes to be somebody. The verdict
/// is acted on after the rate limit, so that guessing costs tokens of the bucket.
/// </summary>
internal sealed class TokenStep(TokenVerifier verifier)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var policy = context.GetEndpoint()!.Metadata.GetRequiredMetadata<RoutePolicy>();
        if (policy.Auth != AuthMode.None && await JudgeAsync(context, policy) is { } refusal)
            context.Refuse(refusal);
        await next(context);
    }

    private async ValueTask<Refusal?> JudgeAsync(HttpContext context, RoutePolicy policy)
    {
        if (context.Request.Headers.Authorization.Count == 0)
        {
            // RFC 6750, section 3.1: nothing is said of an error to one who sent no token at all.
            return policy.Auth == AuthMode.Required ? Refusal.Unauthorized("this route needs an access token in the header 'Authorization: Bearer ...'", "Bearer") : null;
        }

        if (context.Request.Headers.Authorization.Count > 1 || Bearer.Token(context.Request) is not { Length: > 0 } token)
            return Invalid("the Authorization header holds no bearer token");
        if (!verifier.IsEnabled)
            return Refusal.Unavailable("no-issuer", "the gateway was told no issuer (AUTH__ISSUER) whose tokens it could check");
        switch (await verifier.VerifyAsync(token, context.RequestAborted))
        {
            case TokenResult.Valid valid:
                context.Features.Set(valid.Caller);
                return null;
            case TokenResult.Unavailable unavailable:
                return Refusal.Unavailable("issuer-away", unavailable.Reason);
            case TokenResult.Invalid invalid:
                return Invalid(invalid.Reason);
            default:
                throw new InvalidOperationException("no such result");
        }
    }

    private static Refusal Invalid(string reason) =>
        Refusal.Unauthorized(reason, $"Bearer error=\"invalid_token\", error_description=\"{reason.Replace('"', '\'')}\"");
}
