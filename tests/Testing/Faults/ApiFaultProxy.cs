using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fleet.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Testing;

/// <summary>
/// Stands between operators and the API server and reads what they say to each other, so that it can answer in the server's place, send a request twice or
/// keep a watch behind: what a <see cref="FaultPlan"/> says, until <see cref="Calm"/>. Clients are known by the path that their kubeconfig leads to, and the audit
/// log has their names at the end of the User-Agent.
/// </summary>
public sealed class ApiFaultProxy : IAsyncDisposable
{
    private readonly WebApplication _proxy;
    private readonly X509Certificate2 _certificate;
    private readonly ClusterConfig _cluster;
    private readonly string _kubeconfig;
    private readonly string _namespace;
    private readonly FaultPlan _plan;
    private readonly HttpMessageInvoker _server;
    private readonly TaskCompletionSource _calm = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, int> _committed = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _unguarded = new();

    private ApiFaultProxy(string kubeconfig, string ns, FaultPlan plan)
    {
        (_kubeconfig, _namespace, _plan) = (kubeconfig, ns, plan);
        _cluster = ClusterConfig.Load(kubeconfig);
        _certificate = AdmissionWebhook.MakeCertificate();
        var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        chain.CustomTrustStore.AddRange(_cluster.CertificateAuthorities.ToArray());
        _server = new(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = chain },
            EnableMultipleHttp2Connections = true,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate)));
        _proxy = builder.Build();
        _proxy.Run(HandleAsync);
    }

    /// <summary>How often each fault was committed so far.</summary>
    public IReadOnlyDictionary<string, int> Committed => _committed;

    /// <summary>Deletions that named no UID: such a one may hit another object than the one that was meant.</summary>
    public IReadOnlyCollection<string> Unguarded => _unguarded;

    /// <summary>Starts one in front of the server that a kubeconfig names.</summary>
    /// <param name="kubeconfig">Its path. Its user has a token: a client's certificate would end at the proxy.</param>
    /// <param name="ns">The namespace of the run, which has another name each time.</param>
    /// <param name="plan">What goes wrong.</param>
    public static async Task<ApiFaultProxy> StartAsync(string kubeconfig, string ns, FaultPlan plan)
    {
        var proxy = new ApiFaultProxy(kubeconfig, ns, plan);
        await proxy._proxy.StartAsync();
        return proxy;
    }

    /// <summary>Writes a kubeconfig of the same user that leads through the proxy.</summary>
    /// <param name="client">The client's name: letters and digits.</param>
    /// <returns>Its path.</returns>
    public string KubeconfigFor(string client)
    {
        var address = _proxy.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var config = Yaml.ParseOne(File.ReadAllText(_kubeconfig));
        var cluster = config["clusters"]![0]!["cluster"]!.AsObject();
        cluster.Clear();
        cluster["server"] = $"{address}/{client}";
        cluster["certificate-authority-data"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(_certificate.ExportCertificatePem()));
        var path = Path.ChangeExtension(_kubeconfig, $".{new Uri(address).Port}.{client}.kubeconfig");
        File.WriteAllText(path, Yaml.Write(config));
        return path;
    }

    /// <summary>The storm is over: what is held back goes on its way, and nothing goes wrong any more.</summary>
    public void Calm() => _calm.TrySetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Calm();
        using (var now = new CancellationTokenSource(TimeSpan.Zero))
            await _proxy.StopAsync(now.Token); // watches would be waited for
        await _proxy.DisposeAsync();
        _server.Dispose();
        _certificate.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var (client, path) = context.Request.Path.Value!.Split('/', 3) is [_, var first, var rest] ? (first, $"/{rest}") : ("", "/");
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var watch = context.Request.Query["watch"] == "true" ? " watch" : "";
            var dice = _plan.DiceFor($"{context.Request.Method}{watch} {path.Replace(_namespace, "", StringComparison.Ordinal)}");
            var address = new Uri(_cluster.Server, path + context.Request.QueryString);
            var exchange = new ApiExchange(context, body.ToArray(), _server, address, client, dice, _calm.Task);
            Inspect(exchange);
            var fault = _calm.Task.IsCompleted ? null : _plan.For(exchange);
            if (fault is not null)
                _committed.AddOrUpdate(fault.Name, 1, (_, count) => count + 1);
            await (fault?.CommitAsync(exchange) ?? exchange.PassAsync());
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or InvalidOperationException)
        {
            context.Abort(); // one of the sides is gone: the other sees the same
        }
    }

    private void Inspect(ApiExchange exchange)
    {
        if (exchange.Method == "DELETE" && exchange.Body.Span.IndexOf("\"uid\""u8) < 0)
            _unguarded.Enqueue(exchange.Path);
    }
}
