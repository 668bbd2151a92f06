using System.Net;
using System.Security.Cryptography;
using Fleet.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.ApiServer;

/// <summary>How the embedded API server runs.</summary>
public sealed record LocalApiServerOptions
{
    /// <summary>Where it listens; a loopback address.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Its port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The n-th address for a Service; null when there are no more.</summary>
    public Func<int, IPAddress?> ServiceAddress { get; init; } = n => n < 1 << 15 ? new IPAddress([127, 96, (byte)(n >> 8), (byte)(n & 255)]) : null;

    /// <summary>Where the logs of pods come from; null for nowhere.</summary>
    public Func<IPodLogs?> PodLogs { get; init; } = () => null;

    /// <summary>The file of the audit log; null for none.</summary>
    public string? AuditLog { get; init; }
}

/// <summary>
/// A Kubernetes API server in this process: in memory, on loopback, with TLS and a token of its own; no RBAC, no admission webhooks, no quotas. It serves what
/// the operator, kubectl and helm need for our apps and answers 404 or 405 to the rest. Where it differs from a real one, it is wrong: the conformance suite holds both to the same facts.
/// </summary>
public sealed class LocalApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _ending = new();
    private readonly AuditWriter? _audit;
    private readonly Task _collecting;

    private LocalApiServer(WebApplication app, AuditWriter? audit, GarbageCollector collector, CancellationTokenSource ending, Uri address, string kubeconfig)
    {
        (_app, _audit, _ending, Address, Kubeconfig) = (app, audit, ending, address, kubeconfig);
        _collecting = collector.RunAsync(ending.Token);
    }

    /// <summary>Where it answers.</summary>
    public Uri Address { get; }

    /// <summary>The text of a kubeconfig for it. It holds the token: whoever reads it may do everything.</summary>
    public string Kubeconfig { get; }

    /// <summary>Starts one, empty but for the namespaces that every cluster has.</summary>
    /// <exception cref="IOException">The address or port is taken.</exception>
    public static async Task<LocalApiServer> StartAsync(LocalApiServerOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken stop = default)
    {
        var certificate = ServerCertificate.Create(options.Address, time.GetUtcNow());
        var token = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var ending = new CancellationTokenSource();
        var audit = options.AuditLog is { } file ? new AuditWriter(file, time) : null;

        var store = new ObjectStore();
        var kinds = new KindRegistry();
        var rules = new KindRules(store, kinds, new(options.ServiceAddress), time);
        var writer = new ObjectWriter(store, rules, time);
        var deleter = new ObjectDeleter(store, writer, rules, time);
        var objects = new ObjectEndpoints(store, writer, deleter, new(store, time), new(store, time, ending.Token), time);
        var front = new FrontDoor(
            token, kinds, objects, new(store, writer, options.PodLogs, time), new(kinds), audit, time, logs.CreateLogger("Fleet.ApiServer"));
        FirstObjects.Create(writer, kinds);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 3 << 20; // as kube-apiserver
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Limits.MinResponseDataRate = null; // a watch may be silent
            kestrel.Listen(options.Address, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(certificate);
            });
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.Run(front.AnswerAsync);
        await app.StartAsync(stop);
        var address = new Uri(app.Urls.First());
        return new(app, audit, new(store, kinds, rules, deleter), ending, address, KubeconfigFile.Render(address, certificate, token));
    }

    /// <summary>Ends watches first, then the server.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _app.DisposeAsync();
        await _collecting.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _audit?.Dispose();
        _ending.Dispose();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
