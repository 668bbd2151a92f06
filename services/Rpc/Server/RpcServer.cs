using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Rpc;

/// <summary>How the server behaves.</summary>
public sealed record RpcServerOptions
{
    /// <summary>The longest request message in bytes, compressed as well as decompressed; 4 MiB, as in other implementations.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Names the status of exceptions that handlers let through; null: it is a fault of the server, UNKNOWN, and logged.</summary>
    public Func<Exception, RpcStatus?> Explain { get; init; } = static _ => null;
}

/// <summary>Serves gRPC on the endpoints of a web application: one endpoint per method, and one for what nobody serves.</summary>
public sealed partial class RpcServer
{
    private readonly RpcServerOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationToken _draining;
    private readonly ILogger _log;

    private RpcServer(IServiceProvider services, RpcServerOptions options)
    {
        _options = options;
        _time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _draining = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        _log = services.GetRequiredService<ILoggerFactory>().CreateLogger<RpcServer>();
    }

    /// <summary>Maps services; those for health and reflection are services like others, see <see cref="HealthService"/> and <see cref="ReflectionService"/>.</summary>
    /// <exception cref="InvalidOperationException">A method has no handler; the message names it.</exception>
    public static void Map(IEndpointRouteBuilder endpoints, IReadOnlyCollection<RpcService> services, RpcServerOptions? options = null)
    {
        var server = new RpcServer(endpoints.ServiceProvider, options ?? new());
        foreach (var handler in services.SelectMany(s => s.Handlers()))
            endpoints.MapPost(handler.Path, http => server.ServeAsync(http, handler)).WithDisplayName("gRPC " + handler.Path);
        foreach (var service in services)
            endpoints.MapPost($"/{service.Descriptor.FullName}/{{method}}", http => UnimplementedAsync(http, "method"));
        endpoints.MapPost("/{service}/{method}", http => UnimplementedAsync(http, "service"));
    }

    private static Task UnimplementedAsync(HttpContext http, string what)
    {
        if (IsGrpc(http))
            Refuse(http, new(RpcStatusCode.Unimplemented, $"unknown {what}: {http.Request.Path}"));
        return Task.CompletedTask;
    }

    // "If Content-Type does not begin with application/grpc, gRPC servers SHOULD respond with HTTP status of 415": such a caller cannot read a gRPC status.
    private static bool IsGrpc(HttpContext http)
    {
        if (!RpcHeaders.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            http.Response.Headers.Accept = RpcHeaders.ContentType;
            return false;
        }

        if (http.Features.Get<IHttpResponseTrailersFeature>() is null)
        {
            http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            http.Response.Headers.Upgrade = "h2c";
            return false;
        }

        http.Response.ContentType = RpcHeaders.ContentType;
        http.Response.Headers[RpcHeaders.AcceptEncoding] = RpcHeaders.Accepted;
        return true;
    }

    private static void Refuse(HttpContext http, RpcStatus status)
    {
        RpcCall.WriteStatus(http.Response.Headers, status);
        Tell(http, status);
    }

    // The outcome on what is measured and traced anyway: HTTP alone would call every call a success (200).
    private static void Tell(HttpContext http, RpcStatus status)
    {
        var code = RpcStatus.NameOf(status.Code);
        Activity.Current?.SetTag("rpc.response.status_code", code);
        http.Features.Get<IHttpMetricsTagsFeature>()?.Tags.Add(new("rpc.response.status_code", code));
    }

    private async Task ServeAsync(HttpContext http, RpcHandler handler)
    {
        if (!IsGrpc(http))
            return;

        // :: Step 1 - what the headers announce.
        var gzip = false;
        if (http.Request.Headers[RpcHeaders.Encoding].ToString() is { Length: > 0 } encoding && encoding != RpcHeaders.Identity)
        {
            if (encoding != RpcHeaders.Gzip)
            {
                Refuse(http, new(RpcStatusCode.Unimplemented, $"grpc-encoding {encoding} is not supported"));
                return;
            }

            gzip = true;
        }

        TimeSpan? timeout = null;
        if (http.Request.Headers[RpcHeaders.Timeout].ToString() is { Length: > 0 } text)
        {
            if (!RpcHeaders.TryReadTimeout(text, out var read))
            {
                Refuse(http, new(RpcStatusCode.Internal, "grpc-timeout is malformed"));
                return;
            }

            timeout = read;
        }

        LiftBodyLimits(http, handler);

        // :: Step 2 - run the handler under the caller's deadline.
        using var deadline = timeout is { } t ? new CancellationTokenSource(t, _time) : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, deadline?.Token ?? CancellationToken.None, handler.Endless ? _draining : CancellationToken.None);
        var call = new RpcCall(http, handler.Method, timeout is null ? null : _time.GetUtcNow() + timeout, stop.Token);
        var status = RpcStatus.Ok;
        try
        {
            stop.Token.ThrowIfCancellationRequested();
            await handler.Guard(call);
            // As others do: whoever compresses its requests gets compressed answers, if it can read them.
            var answerGzip = gzip && http.Request.Headers[RpcHeaders.AcceptEncoding].ToString().Contains(RpcHeaders.Gzip, StringComparison.Ordinal);
            if (answerGzip)
                http.Response.Headers[RpcHeaders.Encoding] = RpcHeaders.Gzip;
            await handler.RunAsync(call, new FrameReader(http.Request.BodyReader, gzip, _options.MaxMessageBytes), answerGzip);
        }
        catch (Exception e)
        {
            status = StatusOf(e, call, deadline?.IsCancellationRequested ?? false, handler);
            if (e is RpcException { Trailers: var trailers })
                call.Trailers.AddAll(trailers);
        }

        // :: Step 3 - the status goes last. A caller that has left gets none.
        Tell(http, status);
        if (!http.RequestAborted.IsCancellationRequested)
            call.Finish(status, trailersOnly: status.Code != RpcStatusCode.Ok);
    }

    private RpcStatus StatusOf(Exception e, RpcCall call, bool deadlinePassed, RpcHandler handler)
    {
        if (e is RpcException known)
            return known.Status;
        if (call.Http.RequestAborted.IsCancellationRequested)
            return new(RpcStatusCode.Cancelled, "the caller has left");
        if (deadlinePassed)
            return new(RpcStatusCode.DeadlineExceeded, "the deadline passed on the server");
        if (e is OperationCanceledException && handler.Endless && _draining.IsCancellationRequested)
            return new(RpcStatusCode.Unavailable, "the server is shutting down");
        if (_options.Explain(e) is { } explained)
            return explained;
        if (e is BadHttpRequestException bad)
            return new(RpcStatusCode.Internal, "the request's body could not be read: " + bad.Message);
        Log.Failed(_log, handler.Path, e);
        // Not its text: it may hold what the caller must not see.
        return new(RpcStatusCode.Unknown, "the server failed; its log says why");
    }

    // A message has a limit of its own; a stream of them may be as long and as slow as it likes.
    private static void LiftBodyLimits(HttpContext http, RpcHandler handler)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        if (handler.Method.IsClientStreaming && http.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} failed")]
        public static partial void Failed(ILogger log, string method, Exception e);
    }
}
