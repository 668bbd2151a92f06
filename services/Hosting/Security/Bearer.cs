using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Hosting;

/// <summary>Bearer tokens (RFC 6750) at REST endpoints.</summary>
public static class Bearer
{
    private const string Scheme = "Bearer ";

    /// <summary>The token of the <c>Authorization</c> header, or null when there is none or it is of another scheme.</summary>
    public static string? Token(HttpRequest request)
    {
        string? header = request.Headers.Authorization;
        return header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }

    /// <summary>The endpoint is for callers with a good token: others get 401 with the reason, or 503 while it cannot be told.</summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.Add(built =>
        {
            var handler = built.RequestDelegate!;
            built.RequestDelegate = async context =>
            {
                if (await FindCallerAsync(context) is not { } caller)
                    return;
                context.Features.Set(caller);
                await handler(context);
            };
        });
        return endpoint;
    }

    /// <summary>Who sent the request; only at an endpoint with <see cref="RequireCaller"/>.</summary>
    /// <exception cref="InvalidOperationException">The endpoint does not ask for a caller.</exception>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("the endpoint does not require a caller");

    private static async Task<Caller?> FindCallerAsync(HttpContext context)
    {
        var verifier = context.RequestServices.GetRequiredService<TokenVerifier>();
        if (!verifier.IsEnabled)
            return Hosting.Caller.Anyone;

        // Section 3.1: nothing is said of an error to one who sent no token at all.
        if (Token(context.Request) is not { Length: > 0 } token)
        {
            await RefuseAsync(context, "Bearer", "this needs an access token in the header 'Authorization: Bearer ...'");
            return null;
        }

        switch (await verifier.VerifyAsync(token, context.RequestAborted))
        {
            case TokenResult.Valid valid:
                return valid.Caller;
            case TokenResult.Invalid invalid:
                await RefuseAsync(context, $"Bearer error=\"invalid_token\", error_description=\"{invalid.Reason}\"", invalid.Reason);
                return null;
            case TokenResult.Unavailable unavailable:
                throw new DependencyUnavailableException("auth", unavailable.Reason);
            default:
                throw new InvalidOperationException("no such result");
        }
    }

    private static Task RefuseAsync(HttpContext context, string challenge, string reason)
    {
        context.Response.Headers.WWWAuthenticate = challenge;
        return Problems.WriteAsync(context, StatusCodes.Status401Unauthorized, reason);
    }
}
