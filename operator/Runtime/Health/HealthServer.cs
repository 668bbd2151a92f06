using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fleet.Runtime;

/// <summary>Whether the operator is ready, and if not, what it waits for.</summary>
/// <param name="IsReady">Whether it is.</param>
/// <param name="Details">One line each: what is not settled, or should be known though it is ready.</param>
public sealed record Readiness(bool IsReady, IReadOnlyList<string> Details)
{
    /// <summary>Ready once nothing is waited for.</summary>
    public static Readiness WaitingFor(IReadOnlyList<string> details) => new(details.Count == 0, details);

    /// <summary>The same with a line more that changes nothing.</summary>
    public Readiness Noting(string? remark) => remark is null ? this : this with { Details = [.. Details, remark] };

    /// <summary>Ready once every cache is settled: synced, not served or denied.</summary>
    public static Readiness Of(IEnumerable<IObjectCache> caches) =>
        WaitingFor([.. caches.Where(cache => !cache.Settled.IsCompleted).Select(cache => $"{cache.Resource}: not listed yet")]);
}

/// <summary>
/// Answers <c>/healthz/live</c>, <c>/healthz/ready</c> (503 with a line for all that is waited for) and <c>/metrics</c>, over HTTP/1.1
/// on every address of the machine. It logs nothing and knows no other setting: a kubelet and a Prometheus are its only guests.
/// </summary>
public sealed class HealthServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    /// <summary>A server that is not started yet.</summary>
    /// <param name="port">Where it listens; 0 takes a free port.</param>
    /// <param name="ready">Asked at each request; must not wait.</param>
    /// <param name="metrics">What <c>/metrics</c> shows.</param>
    public HealthServer(int port, Func<Readiness> ready, OperatorMetrics metrics)
    {
        // Empty: no configuration from files or environment, no logging, no routing.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = 100;
            options.Limits.MaxRequestBodySize = 0;
            options.Limits.MaxRequestHeadersTotalSize = 8 << 10;
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            options.ListenAnyIP(port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        // The host would otherwise take SIGTERM for itself, and stop answering while the operator still has work to end.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        _app = builder.Build();
        _app.Run(context => AnswerAsync(context, ready, metrics));
    }

    /// <summary>The port it listens on, once started.</summary>
    public int Port => _app.Urls.Select(url => new Uri(url.Replace("[::]", "localhost", StringComparison.Ordinal)).Port).First();

    /// <summary>Listens from now on.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public Task StartAsync(CancellationToken stop) => _app.StartAsync(stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static Task AnswerAsync(HttpContext context, Func<Readiness> ready, OperatorMetrics metrics)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return TextAsync(context, HttpStatusCode.MethodNotAllowed, "only GET\n");

        switch (context.Request.Path.Value)
        {
            case "/healthz/live":
                return TextAsync(context, HttpStatusCode.OK, "ok\n");
            case "/healthz/ready":
                var readiness = ready();
                return readiness.IsReady
                    ? TextAsync(context, HttpStatusCode.OK, $"ok\n{Lines(readiness)}")
                    : TextAsync(context, HttpStatusCode.ServiceUnavailable, Lines(readiness));
            case "/metrics":
                return TextAsync(context, HttpStatusCode.OK, metrics.ToText(), PrometheusText.ContentType);
            default:
                return TextAsync(context, HttpStatusCode.NotFound, "/healthz/live, /healthz/ready, /metrics\n");
        }
    }

    private static string Lines(Readiness readiness) => string.Concat(readiness.Details.Select(line => $"{line}\n"));

    private static Task TextAsync(HttpContext context, HttpStatusCode status, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
