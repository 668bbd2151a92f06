using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Fleet.Gateway;

/// <summary>
/// What is cleaned in both directions on every route. YARP takes away the hop-by-hop headers it knows; here go those that a message itself names in
/// Connection (RFC 9110, section 7.6.1) and everything that claims to know who or where the client is. No header says who the caller is: a backend verifies
/// the token itself.
/// </summary>
internal sealed class HeaderHygiene(CurrentRoutes routes) : ITransformProvider
{
    private const string ForwardedPrefix = "X-Forwarded-";
    private const string RealIp = "X-Real-IP";
    private const string CorsPrefix = "Access-Control-";

    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        context.UseDefaultForwarders = false;
        context.AddRequestTransform(CleanRequest);
        context.AddResponseTransform(CleanResponse);
    }

    private ValueTask CleanRequest(RequestTransformContext transform)
    {
        var (context, outgoing) = (transform.HttpContext, transform.ProxyRequest);
        var headers = outgoing.Headers;
        foreach (var named in Named(context.Request.Headers.Connection))
            headers.Remove(named);
        foreach (var name in headers.NonValidated.Select(h => h.Key).Where(SpeaksOfTheClient).ToArray())
            headers.Remove(name);

        var origin = context.Features.Get<ForwardedHeaders>() ?? ForwardedHeaders.Read(context, routes.Document.Trust);
        headers.TryAddWithoutValidation(ForwardedHeaders.For, string.Join(", ", origin.Chain));
        headers.TryAddWithoutValidation(ForwardedHeaders.Proto, origin.Scheme);
        headers.TryAddWithoutValidation(ForwardedHeaders.OfHost, origin.Host);
        headers.TryAddWithoutValidation("Forwarded", origin.Forwarded);

        // A destination that stands for one address of a name is still called by the name.
        headers.Host = context.GetReverseProxyFeature().ProxiedDestination?.Model.Config.Host;
        return ValueTask.CompletedTask;
    }

    private ValueTask CleanResponse(ResponseTransformContext transform)
    {
        if (transform.ProxyResponse is not { } incoming)
            return ValueTask.CompletedTask;
        transform.HttpContext.UpstreamAnswered();
        RouteDeadline.AnswerBegan(transform.HttpContext);
        var headers = transform.HttpContext.Response.Headers;
        if (incoming.Headers.NonValidated.TryGetValues("Connection", out var connection))
        {
            foreach (var named in Named(new StringValues([.. connection])))
                headers.Remove(named);
        }

        // Where the gateway is told the origins, its word is the only one.
        if (routes.Document.CorsOrigins is not null)
        {
            foreach (var name in headers.Keys.Where(n => n.StartsWith(CorsPrefix, StringComparison.OrdinalIgnoreCase)).ToArray())
                headers.Remove(name);
        }

        return ValueTask.CompletedTask;
    }

    private static bool SpeaksOfTheClient(string name) =>
        name.StartsWith(ForwardedPrefix, StringComparison.OrdinalIgnoreCase)
        || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
        || name.Equals(RealIp, StringComparison.OrdinalIgnoreCase);

    /// <summary>Of a request that says close or keep-alive as well, Kestrel tells nothing but that.</summary>
    private static IEnumerable<string> Named(StringValues connection) =>
        connection.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(IsName);

    /// <summary>Upgrade is named as well, and YARP sees to it; Host and what frames the message cannot be taken away.</summary>
    private static bool IsName(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        && !name.Equals("close", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("upgrade", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith("content-", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("host", StringComparison.OrdinalIgnoreCase);
}
