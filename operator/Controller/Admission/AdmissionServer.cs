using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>Answers reviews over HTTPS on every address of the machine, within a second each. Every replica does, whoever leads.</summary>
internal sealed partial class AdmissionServer : IAsyncDisposable
{
    /// <summary>The largest review, in bytes: an app is stored in 1.5 MiB at most, and an update has it twice.</summary>
    internal const long MaxBody = 3 * 1024 * 1024;

    /// <summary>By when an answer is there. The API server is told to wait for two seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(900);

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    private readonly WebApplication _app;
    private readonly OperatorSettings _settings;
    private readonly IReadOnlyCollection<string> _watched;
    private readonly TimeProvider _time;
    private readonly OperatorMetrics _metrics;
    private readonly ILogger _logger;
    private volatile SslStreamCertificateContext? _certificate;

    /// <summary>A server that is not started yet and has no certificate.</summary>
    internal AdmissionServer(int port, OperatorSettings settings, IReadOnlyCollection<string> watched, TimeProvider time, OperatorMetrics metrics, ILogger logger)
    {
        (_settings, _watched, _time, _metrics, _logger) = (settings, watched, time, metrics, logger);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = 200;
            options.Limits.MaxRequestBodySize = MaxBody;
            options.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            options.ListenAnyIP(port, Configure);
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // signals are the operator's to take
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The port it listens on, once started.</summary>
    internal int Port => _app.Urls.Select(url => new Uri(url.Replace("[::]", "localhost", StringComparison.Ordinal)).Port).First();

    /// <summary>Until when its certificate is valid; null while it has none.</summary>
    internal DateTimeOffset? NotAfter => _certificate is { } certificate ? new(certificate.TargetCertificate.NotAfter.ToUniversalTime()) : null;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    internal Task StartAsync(CancellationToken stop)
    {
        // A process that has judged nothing yet takes long for the first one, and the API server does not wait long.
        _ = AdmissionReviews.Judge(AdmissionReviews.Example(), _settings, watched: [])?.Review.ToJsonString();
        return _app.StartAsync(stop);
    }

    /// <summary>Shows another certificate in the next handshakes; connections that are open go on.</summary>
    internal void Serve(AdmissionPair pair) => _certificate = SslStreamCertificateContext.Create(pair.ToCertificate(), additionalCertificates: null, offline: true);

    /// <summary>Takes no new connection and answers what it was asked.</summary>
    internal Task StopAsync(CancellationToken limit) => _app.StopAsync(limit);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Configure(ListenOptions listen)
    {
        listen.Use(next => connection =>
        {
            if (_certificate is not null)
                return next(connection);
            connection.Abort(new ConnectionAbortedException("There is no certificate yet."));
            return Task.CompletedTask;
        });
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = _certificate,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            }),
        });
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != AdmissionConfiguration.Path)
        {
            context.Response.StatusCode = (int)HttpStatusCode.NotFound;
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = (int)HttpStatusCode.MethodNotAllowed;
            return;
        }

        var started = _time.GetTimestamp();
        var outcome = "failed";
        try
        {
            outcome = await ReviewAsync(context);
        }
        finally
        {
            _metrics.AdmissionReviewed(outcome, _time.GetElapsedTime(started));
        }
    }

    private async Task<string> ReviewAsync(HttpContext context)
    {
        using var late = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
        try
        {
            var asked = await JsonNode.ParseAsync(context.Request.Body, documentOptions: Reading, cancellationToken: either.Token);
            if (AdmissionReviews.Judge(asked, _settings, _watched) is not { } verdict)
                return await RefuseAsync(context, StatusCodes.Status400BadRequest, "this is no AdmissionReview of admission.k8s.io/v1");
            Log.Reviewed(_logger, verdict.Outcome, context.Connection.RemoteIpAddress);
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(verdict.Review.ToJsonString(), either.Token);
            return verdict.Outcome;
        }
        catch (JsonException e)
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, $"the body is not JSON: {e.Message}");
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
        {
            return await RefuseAsync(context, e.StatusCode, e.Message);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return await RefuseAsync(context, StatusCodes.Status408RequestTimeout, "the body did not come in time");
        }
    }

    private static async Task<string> RefuseAsync(HttpContext context, int status, string why)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync($"{why}\n");
        }

        return "failed";
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Review of {Remote}: {Outcome}")]
        public static partial void Reviewed(ILogger logger, string outcome, IPAddress? remote);
    }
}
