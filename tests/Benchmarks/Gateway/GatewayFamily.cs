using System.Globalization;
using Fleet.Benchmarks.Http;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;

namespace Fleet.Benchmarks.Gateway;

/// <summary>The gateway beside nginx and haproxy as the same reverse proxy, on the same processor.</summary>
internal sealed class GatewayFamily : IFamily
{
    // Of the throughput of nginx; of its latencies the inverse.
    private const double Least = 0.8;

    /// <inheritdoc/>
    public string Name => "gateway";

    /// <inheritdoc/>
    public string Summary => "beside nginx and haproxy as the same reverse proxy; tokens; changes of routes";

    /// <inheritdoc/>
    public async Task RunAsync(BenchmarkRun run, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("fleet-bench-");
        try
        {
            var site = new Site(new(), folder.FullName, await DebianTools.InstallAsync(stop));
            var generator = new H2Load(site.Tools, site.Folder);
            run.Tell($"  {Cores.Describe()}");
            await using var issuer = await BenchIssuer.StartAsync(site.Network.At(Site.Issuer, 80 + Site.Port));
            await using var backend = await Backend.StartAsync(site);
            await using var ours = await Proxies.OursAsync(site, issuer, run);
            await using var nginx = await Proxies.NginxAsync(site);
            await using var haproxy = await Proxies.HaProxyAsync(site);
            var measuring = new GatewayMeasuring(run, generator, ours, nginx, haproxy, backend);
            var message = Path.Combine(site.Folder, "message");
            await File.WriteAllBytesAsync(message, Backend.Message(), stop);

            var (small, large) = (new HttpLoad(HttpProtocol.Http1, "web/1k"), new HttpLoad(HttpProtocol.Http1, "web/100k") { Connections = 8 });
            var http2 = small with { Protocol = HttpProtocol.Http2, Connections = 4, Streams = 8 };
            var rpc = http2 with { Path = Backend.Method, Headers = ["content-type: application/grpc", "te: trailers"], Body = message };
            (string Group, HttpLoad Load)[] loads =
            [
                ("HTTP/1.1, 1 KB", small), ("HTTP/1.1, 100 KB", large), ("HTTP/2, 1 KB", http2), ("HTTP/2, 100 KB", http2 with { Path = large.Path, Streams = 2 }), ("gRPC unary, 1 KB", rpc),
            ];
            var token = issuer.AuthorizationOf("customer");
            var secured = small with { Path = "secured/1k", Headers = [token] };
            await measuring.WarmUpAsync([.. loads.Select(l => l.Load)], secured, stop);
            foreach (var (group, load) in loads)
                await measuring.CompareAsync(group, load, Least, stop);
            measuring.Memory();
            foreach (var (what, load) in ((string, HttpLoad)[])[("HTTP/1.1, 1 KB", small), ("HTTP/1.1, 100 KB", large), ("gRPC unary, 1 KB", rpc)])
                await measuring.BackendAloneAsync(what, load, stop);
            await measuring.TokensAsync(without: small with { Headers = [token] }, with: secured, stop);
            await ChangesAsync(run, generator, site, ours, nginx, stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task ChangesAsync(BenchmarkRun run, H2Load generator, Site site, ServerUnderTest ours, ServerUnderTest nginx, CancellationToken stop)
    {
        var time = TimeSpan.FromSeconds(run.Quick ? 3 : 20);
        var (served, load) = await RouteChange.MeasureAsync(generator, ours, port => Task.Run(() => Proxies.WriteRoutes(site, port), stop), time, stop);
        var (reloaded, beside) = await RouteChange.MeasureAsync(generator, nginx, port =>
        {
            Proxies.NginxConfiguration(site, port);
            return nginx.SignalAsync("HUP");
        }, time, stop);
        var row = new Row { Family = Name, Group = "a route changes under load", What = "", Unit = Units.Milliseconds, Ours = 0, OtherName = "nginx, reloaded" };
        run.Tell(string.Create(CultureInfo.InvariantCulture, $"  {served.Count} changes, {load.Answered} requests; nginx: {reloaded.Count} changes, {beside.Answered} requests"));
        run.Add(row with { What = "written until served, p50", Ours = Percentiles.Of(served, 0.5), Other = Percentiles.Of(reloaded, 0.5) });
        run.Add(row with { What = "written until served, p99", Ours = Percentiles.Of(served, 0.99), Other = Percentiles.Of(reloaded, 0.99), Target = Target.AtMost(1000) });
        run.Add(row with { What = "failed requests", Unit = Units.Count, Ours = load.Failed, Other = beside.Failed, Target = Target.AtMost(0) });
    }
}
