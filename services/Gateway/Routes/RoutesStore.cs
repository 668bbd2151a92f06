using Fleet.Hosting;
using Yarp.ReverseProxy.Configuration;

namespace Fleet.Gateway;

/// <summary>
/// The gate before the routes that are served. What a source offers is checked in full before it is swapped in; whatever is wrong with an offer or a source is a fault that
/// shows in the log, the metrics and the readiness answer, while the last good routes stay.
/// </summary>
internal sealed partial class RoutesStore(CurrentRoutes current, IConfigValidator validator, GatewayMeter meter, ILogger<RoutesStore> log)
    : IConfigChangeListener, IReadinessCheck, IDisposable
{
    private readonly SemaphoreSlim _oneOffer = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<RoutesSource, string> _faults = [];
    private byte[] _text = [];
    private bool _watchLives;
    private volatile int _applied;

    public string Name => "routes";

    /// <summary>How many times routes were swapped in.</summary>
    public int Version => current.Snapshot.Version;

    /// <summary>The version that the proxy serves by now.</summary>
    public int AppliedVersion => _applied;

    /// <summary>Takes a source's text when it is good, different and the newest word.</summary>
    public async Task OfferAsync(RoutesSource source, ReadOnlyMemory<byte> text)
    {
        await _oneOffer.WaitAsync();
        try
        {
            if (source == RoutesSource.Watch)
                _watchLives = true;
            var document = RoutesParser.Parse(text.Span);
            await CheckAsync(document);
            Mended(source);

            // The mounted copy follows the object by up to a minute. While the object itself is seen, the copy has nothing to say.
            if ((source == RoutesSource.File && _watchLives) || (Version > 0 && text.Span.SequenceEqual(_text)))
                return;
            _text = text.ToArray();
            current.Swap(document);
            meter.RoutesLoaded(document.Routes.Count);
            meter.RoutesReloaded(source, "ok");
            Log.Loaded(log, document.Routes.Count, document.Clusters.Count, source);
        }
        catch (RoutesException e)
        {
            meter.RoutesReloaded(source, "refused");
            Fault(source, e.Message);
        }
        finally
        {
            _oneOffer.Release();
        }
    }

    /// <summary>The source is there, but there is nothing good to take from it, or it is away.</summary>
    public void Fault(RoutesSource source, string message)
    {
        lock (_gate)
        {
            if (_faults.TryGetValue(source, out var known) && known == message)
                return;
            meter.RoutesSourceHealthy(source, false); // who reads of the fault finds it measured
            _faults[source] = message;
        }

        Log.Fault(log, source, message);
    }

    /// <summary>Nothing is seen of the object for now; a change of the mounted file counts again.</summary>
    public void WatchLost(string message)
    {
        _watchLives = false;
        Fault(RoutesSource.Watch, message);
    }

    public ValueTask<Readiness> CheckAsync(CancellationToken stop)
    {
        string faults;
        lock (_gate)
            faults = string.Join("; ", _faults.OrderBy(f => f.Key).Select(f => $"{f.Key}: {f.Value}"));
        return ValueTask.FromResult(
            _applied == 0 ? Readiness.NotReady(faults.Length > 0 ? $"no routes yet. {faults}" : "no routes yet")
            : faults.Length > 0 ? Readiness.Warning($"the last good routes are served. {faults}")
            : Readiness.Ready);
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception) => Fault(RoutesSource.Proxy, exception.Message);

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => Fault(RoutesSource.Proxy, exception.Message);

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        Mended(RoutesSource.Proxy);
        if (current.Snapshot is var snapshot && ReferenceEquals(proxyConfigs[0].Routes, snapshot.Routes)) // else a newer one is on its way
            _applied = snapshot.Version;
    }

    public void Dispose() => _oneOffer.Dispose();

    private async Task CheckAsync(RoutesDocument document)
    {
        var problems = new List<string>();
        foreach (var route in document.Routes)
            problems.AddRange((await validator.ValidateRouteAsync(route)).Select(e => e.Message));
        foreach (var cluster in document.Clusters)
            problems.AddRange((await validator.ValidateClusterAsync(cluster)).Select(e => e.Message));
        if (problems.Count > 0)
            throw new RoutesException(problems);
    }

    private void Mended(RoutesSource source)
    {
        meter.RoutesSourceHealthy(source, true);
        lock (_gate)
        {
            if (!_faults.Remove(source))
                return;
        }

        Log.Mended(log, source);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Serving {Routes} routes to {Clusters} clusters, from {Source}")]
        public static partial void Loaded(ILogger log, int routes, int clusters, RoutesSource source);

        [LoggerMessage(2, LogLevel.Warning, "Routes from {Source}: {Message}. The last good routes stay")]
        public static partial void Fault(ILogger log, RoutesSource source, string message);

        [LoggerMessage(3, LogLevel.Information, "Routes from {Source} are good again")]
        public static partial void Mended(ILogger log, RoutesSource source);
    }
}
