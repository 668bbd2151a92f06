using Fleet.Rpc;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Fleet.Gateway;

/// <summary>The app's one CORS policy: the origins of the routes file, tokens in headers and no cookies, and the headers that gRPC-Web and Connect clients read.</summary>
internal sealed class CorsOrigins(CurrentRoutes routes) : ICorsPolicyProvider
{
    private static readonly string[] Readable =
        [RpcHeaders.Status, RpcHeaders.Message, RpcHeaders.Details, "Retry-After", "WWW-Authenticate", "ETag", "Location"];

    public Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        if (routes.Document.CorsOrigins is not { } origins)
            return Task.FromResult<CorsPolicy?>(null);
        var policy = new CorsPolicyBuilder().AllowAnyMethod().AllowAnyHeader().WithExposedHeaders(Readable).SetPreflightMaxAge(TimeSpan.FromMinutes(10));
        return Task.FromResult<CorsPolicy?>(origins.Contains("*") ? policy.AllowAnyOrigin().Build() : policy.WithOrigins([.. origins]).Build());
    }
}
