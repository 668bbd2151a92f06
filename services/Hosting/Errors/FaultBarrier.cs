using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fleet.Hosting;

/// <summary>
/// The outermost step of a public request: whatever is thrown, and each error that has no body, becomes a problem. gRPC has an error model of its own and is
/// left alone. A proxy that passes on a foreign answer switches the bodies off through <see cref="IStatusCodePagesFeature"/>.
/// </summary>
internal sealed partial class FaultBarrier(ILogger<FaultBarrier> log)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsGrpc(context.Request))
        {
            await next(context);
            return;
        }

        var bodies = new StatusCodePagesFeature();
        context.Features.Set<IStatusCodePagesFeature>(bodies);
        try
        {
            await next(context);
        }
        // An answer that has begun cannot be taken back: Kestrel cuts the connection, so that the caller does not take half of it for the whole.
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, e);
            return;
        }

        var response = context.Response;
        if (bodies.Enabled && !response.HasStarted && response is { StatusCode: >= 400, ContentLength: null, ContentType: null })
            await Problems.WriteAsync(context, response.StatusCode, Explain(context));
    }

    private static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    private static string? Explain(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"nothing is served at {context.Request.Path}",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not answer {context.Request.Method}, only {context.Response.Headers.Allow}",
        _ => null,
    };

    private async Task AnswerAsync(HttpContext context, Exception fault)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        // What was set for the answer that did not come about must not be on this one.
        context.Response.Clear();
        switch (fault)
        {
            case BadHttpRequestException bad:
                await Problems.WriteAsync(context, bad.StatusCode, bad.Message);
                break;
            case DependencyUnavailableException gone:
                Log.Unavailable(log, gone.Dependency, gone.Message, gone.InnerException);
                context.Response.Headers.RetryAfter = "1";
                await Problems.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, gone.Message, extensions: new Dictionary<string, string> { ["dependency"] = gone.Dependency });
                break;
            default:
                Log.Failed(log, context.Request.Method, context.Request.Path, fault);
                await Problems.WriteAsync(context, StatusCodes.Status500InternalServerError, "this is a fault of the service; its log has more under the trace id");
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
        internal static partial void Failed(ILogger logger, string method, string path, Exception fault);

        [LoggerMessage(LogLevel.Warning, "{Dependency} is unavailable: {Reason}")]
        internal static partial void Unavailable(ILogger logger, string dependency, string reason, Exception? fault);
    }
}
