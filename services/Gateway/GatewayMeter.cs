using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Fleet.Gateway;

/// <summary>The gateway's own numbers, beside those that Kestrel and the HTTP client count.</summary>
internal sealed class GatewayMeter
{
    public const string Name = "fleet";

    private const long NoCertificate = long.MinValue;

    private readonly ConcurrentDictionary<RoutesSource, int> _healthy = new();
    private readonly Counter<long> _reloads;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _certificates;
    private int _routes;
    private long _certificateEnds = NoCertificate;

    public GatewayMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _reloads = meter.CreateCounter<long>("fleet.gateway.routes.reloads", description: "Texts of routes that were taken or refused.");
        _dropped = meter.CreateCounter<long>("fleet.gateway.connections.dropped", description: "Connections closed before they said which protocol they speak.");
        _refusals = meter.CreateCounter<long>("fleet.gateway.refusals", description: "Requests that the gateway answered itself, by reason.");
        _retries = meter.CreateCounter<long>("fleet.gateway.retries", description: "Requests that were sent again.");
        _certificates = meter.CreateCounter<long>("fleet.gateway.tls.reloads", description: "Certificates that were taken or refused.");
        meter.CreateObservableGauge("fleet.gateway.tls.certificate.not_after", EndOfCertificate, unit: "s", description: "When the certificate that is served ends, Unix time.");
        meter.CreateObservableGauge("fleet.gateway.routes", () => Volatile.Read(ref _routes), description: "Routes that are served.");
        meter.CreateObservableGauge(
            "fleet.gateway.routes.source.healthy",
            () => _healthy.Select(h => new Measurement<int>(h.Value, KeyValuePair.Create("source", (object?)h.Key.ToString().ToLowerInvariant()))),
            description: "1 while a source of routes is there and what it says can be served, else 0: the last good routes stay.");
    }

    public void RoutesReloaded(RoutesSource source, string result) =>
        _reloads.Add(1, KeyValuePair.Create("source", (object?)source.ToString().ToLowerInvariant()), KeyValuePair.Create("result", (object?)result));

    public void RoutesLoaded(int count) => Volatile.Write(ref _routes, count);

    public void RoutesSourceHealthy(RoutesSource source, bool healthy) => _healthy[source] = healthy ? 1 : 0;

    public void ConnectionDropped(string reason) => _dropped.Add(1, KeyValuePair.Create("reason", (object?)reason));

    public void Refused(string reason) => _refusals.Add(1, KeyValuePair.Create("reason", (object?)reason));

    public void Retried(string cluster) => _retries.Add(1, KeyValuePair.Create("cluster", (object?)cluster));

    public void CertificateLoaded(DateTime notAfter)
    {
        Volatile.Write(ref _certificateEnds, new DateTimeOffset(notAfter).ToUnixTimeSeconds());
        _certificates.Add(1, KeyValuePair.Create("result", (object?)"ok"));
    }

    public void CertificateRefused() => _certificates.Add(1, KeyValuePair.Create("result", (object?)"refused"));

    private IEnumerable<Measurement<long>> EndOfCertificate() => Volatile.Read(ref _certificateEnds) is not NoCertificate and var end ? [new Measurement<long>(end)] : [];
}
