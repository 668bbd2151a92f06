using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fleet.Hosting;

/// <summary>
/// What the management port answers, and no other port: <c>/healthz/live</c>, <c>/healthz/ready</c>, <c>/metrics</c>. A connection is marked where it is
/// accepted, so neither a Host header nor a path can reach these from the public port.
/// </summary>
internal sealed class ManagementEndpoints(ReadinessReport readiness, ServiceMetrics metrics)
{
    private const string Plain = "text/plain; charset=utf-8";

    /// <summary>Marks every connection of this endpoint.</summary>
    public static void Mark(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(Marker.Instance);
            return next(connection);
        });
    }

    /// <summary>Whether the request came in by the management port.</summary>
    public static bool Owns(HttpContext context) => context.Features.Get<Marker>() is not null;

    public async Task AnswerAsync(HttpContext context)
    {
        // Probes would drown the measurements of the service's own requests.
        if (context.Features.Get<IHttpMetricsTagsFeature>() is { } tags)
            tags.MetricsDisabled = true;

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await Problems.WriteAsync(context, StatusCodes.Status405MethodNotAllowed);
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/healthz/live":
                await WriteAsync(context, StatusCodes.Status200OK, Plain, "live\n");
                break;
            case "/healthz/ready":
                var (ready, lines) = await readiness.WriteAsync(context.RequestAborted);
                await WriteAsync(context, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, Plain, lines);
                break;
            case "/metrics":
                await WriteAsync(context, StatusCodes.Status200OK, ServiceMetrics.ContentType, metrics.ToText());
                break;
            default:
                await Problems.WriteAsync(context, StatusCodes.Status404NotFound, "here are /healthz/live, /healthz/ready and /metrics");
                break;
        }
    }

    private static Task WriteAsync(HttpContext context, int status, string contentType, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);
    }

    private sealed class Marker
    {
        public static readonly Marker Instance = new();
    }
}
