using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Fleet.Gateway;

/// <summary>Finds the addresses of a host name.</summary>
internal delegate Task<IPAddress[]> AddressLookup(string host, CancellationToken stop);

/// <summary>
/// Makes one destination per address of a headless service's name, so that each request is balanced on its own: one connection to the name would carry all
/// requests of HTTP/2 to one pod. Names are looked up again every few seconds and when a connection failed; a name server that is away changes nothing.
/// </summary>
internal sealed partial class HeadlessResolver(AddressLookup lookup, TimeProvider time, ILogger<HeadlessResolver> log) : BackgroundService, IDestinationResolver
{
    public static readonly TimeSpan LookUpEvery = TimeSpan.FromSeconds(5);

    /// <summary>What a reload of the routes waits for a name that was never seen before.</summary>
    private static readonly TimeSpan FirstLookUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, IPAddress[]> _known = [];
    private readonly Dictionary<string, Task> _firstLooks = [];
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private CancellationTokenSource _changed = new();

    public async ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
    {
        if (!destinations.Values.Any(IsHeadless))
            return new ResolvedDestinationCollection(destinations, null);
        CancellationChangeToken changed;
        lock (_gate)
            changed = new CancellationChangeToken(_changed.Token); // before the addresses are read: a change in between is not lost
        var resolved = new Dictionary<string, DestinationConfig>();
        foreach (var (id, destination) in destinations)
        {
            var uri = new Uri(destination.Address);
            var addresses = IsHeadless(destination) ? await AddressesAsync(uri.DnsSafeHost, cancellationToken) : [];
            if (addresses.Length == 0)
                resolved[id] = destination; // the attempt to connect tells why
            foreach (var address in addresses)
            {
                resolved[$"{id}/{address}"] = destination with
                {
                    Address = new UriBuilder(uri) { Host = address.ToString() }.Uri.ToString(),
                    Host = destination.Host ?? uri.Authority,
                };
            }
        }

        return new ResolvedDestinationCollection(resolved, changed);
    }

    /// <summary>A connection failed: what is known may be old.</summary>
    public void LookAgain()
    {
        try
        {
            _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // asked for already
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _wanted.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(AtMostEvery, time, stoppingToken);
            using var next = new CancellationTokenSource(LookUpEvery - AtMostEvery, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(next.Token, stoppingToken);
            try
            {
                await _wanted.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                // time to look again
            }

            string[] names;
            lock (_gate)
                names = [.. _known.Keys];
            var changes = await Task.WhenAll(names.Select(name => RenewAsync(name, stoppingToken)));
            if (changes.Any(changed => changed))
                Signal();
        }
    }

    private static bool IsHeadless(DestinationConfig destination) => destination.Metadata?.ContainsKey(RoutesParser.BalancingKey) == true;

    private async Task<IPAddress[]> AddressesAsync(string name, CancellationToken stop)
    {
        Task first;
        lock (_gate)
        {
            // Several clusters may ask for one name at once: all of them wait for the first look.
            if (!_firstLooks.TryGetValue(name, out first!))
            {
                _known[name] = [];
                _firstLooks[name] = first = LookAsync(name);
            }
        }

        await first.WaitAsync(stop);
        lock (_gate)
            return _known[name];
    }

    private async Task LookAsync(string name)
    {
        using var patience = new CancellationTokenSource(FirstLookUp, time);
        await RenewAsync(name, patience.Token);
    }

    private async Task<bool> RenewAsync(string name, CancellationToken stop)
    {
        try
        {
            var found = (await lookup(name, stop)).Select(ForwardedTrust.Plain).Distinct().OrderBy(a => a.ToString(), StringComparer.Ordinal).ToArray();
            lock (_gate)
            {
                if (found.Length == 0 || _known[name].AsSpan().SequenceEqual(found))
                    return false;
                _known[name] = found;
            }

            Log.Resolved(log, name, string.Join(", ", found.Select(a => a.ToString())));
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            Log.Unresolved(log, name, e.Message);
            return false;
        }
    }

    private void Signal()
    {
        CancellationTokenSource before;
        lock (_gate)
        {
            before = _changed;
            _changed = new CancellationTokenSource();
        }

        before.Cancel();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Name} is {Addresses}")]
        public static partial void Resolved(ILogger log, string name, string addresses);

        [LoggerMessage(LogLevel.Debug, "{Name} cannot be resolved: {Message}")]
        public static partial void Unresolved(ILogger log, string name, string message);
    }
}
