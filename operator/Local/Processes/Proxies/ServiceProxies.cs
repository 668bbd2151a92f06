using System.Net;
using Fleet.Runtime;

namespace Fleet.Local.Processes;

/// <summary>A Service's port.</summary>
/// <param name="Namespace">The Service's namespace.</param>
/// <param name="Service">The Service's name.</param>
/// <param name="Port">The port as the Service has it.</param>
public sealed record ServicePortName(string Namespace, string Service, int Port);

/// <summary>
/// What a cluster's DNS, kube-proxy and network do for Services: a name leads to an address of this machine, and whoever connects there reaches one of the
/// Service's ready pods. The address that a name stood for once it keeps, whatever becomes of the Service: processes remember it.
/// </summary>
public sealed class ServiceProxies : IDisposable
{
    private readonly LoopbackRange _addresses;
    private readonly EndpointBook _endpoints;
    private readonly IReadOnlyDictionary<ServicePortName, int> _wanted;
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectKey, Entry> _services = [];
    private bool _disposed;

    internal ServiceProxies(LoopbackRange addresses, EndpointBook endpoints, IReadOnlyDictionary<ServicePortName, int>? wanted = null) =>
        (_addresses, _endpoints, _wanted) = (addresses, endpoints, wanted ?? new Dictionary<ServicePortName, int>());

    /// <summary>A Service's port listens at another place than before. Called by any thread.</summary>
    public event Action? Changed;

    /// <summary>Where a Service's port listens; null when there is no such Service or port.</summary>
    /// <param name="ns">The Service's namespace.</param>
    /// <param name="service">The Service's name.</param>
    /// <param name="port">The port as the Service has it.</param>
    public IPEndPoint? Of(string ns, string service, int port) => Find(ns, service, port)?.Shown.Place;

    /// <summary>Why it listens at another port than was wanted; null when it does not.</summary>
    /// <inheritdoc cref="Of"/>
    public string? ReasonOf(string ns, string service, int port) => Find(ns, service, port)?.Reason;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var port in _services.Values.SelectMany(s => s.Ports.Values))
                port.Dispose();
            _services.Clear();
        }
    }

    /// <summary>Where a name leads. A port that nobody listens at yet is listened at from now on.</summary>
    internal Place PlaceOf(string ns, string service, int? port)
    {
        lock (_gate)
        {
            var entry = EntryOf(new(ns, service));
            if (entry.Service?.Spec is { Type: "ExternalName", ExternalName: { } name })
                return new(name, null);
            if (port is not { } number || number is 0 or > IPEndPoint.MaxPort)
                return new($"{AddressOf(entry)}", null);
            entry.Mentioned.Add(number);
            var listening = Listen(entry, number);
            return new($"{listening.Named.Place.Address}", listening.Named.Place.Port);
        }
    }

    /// <summary>A Service came, changed or, when null, has gone.</summary>
    internal void Set(ObjectKey key, LocalService? service)
    {
        var moved = false;
        lock (_gate)
        {
            if (_disposed || (service is null && !_services.ContainsKey(key)))
                return;
            var entry = EntryOf(key);
            entry.Service = service;
            var ports = service is null or { Spec.Type: "ExternalName" } ? [] : service.Spec.Ports.Where(p => p.Protocol is null or "TCP").Select(p => p.Port).ToHashSet();
            foreach (var port in ports.Where(p => !entry.Ports.ContainsKey(p)))
            {
                Listen(entry, port);
                moved = true;
            }

            foreach (var port in entry.Ports.Keys.Where(p => !ports.Contains(p) && !entry.Mentioned.Contains(p)).ToList())
            {
                entry.Ports.Remove(port, out var gone);
                gone!.Dispose();
                moved = true;
            }

            moved |= ListenAtClusterAddress(entry);
        }

        if (moved)
            Changed?.Invoke();
    }

    private PortProxies? Find(string ns, string service, int port)
    {
        lock (_gate)
        {
            return _services.TryGetValue(new(ns, service), out var entry) && entry.Service?.Spec.Ports.Any(p => p.Port == port) == true
                ? entry.Ports.GetValueOrDefault(port) : null;
        }
    }

    private Entry EntryOf(ObjectKey key)
    {
        if (!_services.TryGetValue(key, out var entry))
            _services[key] = entry = new Entry(key);
        return entry;
    }

    private IPAddress AddressOf(Entry entry) => entry.Address ??= ClusterAddress(entry) ?? _addresses.Take();

    /// <summary>What the API server gave the Service, where that is an address of this machine.</summary>
    private IPAddress? ClusterAddress(Entry entry) =>
        !_addresses.IsSingle && IPAddress.TryParse(entry.Service?.Spec.ClusterIP, out var ip) && IPAddress.IsLoopback(ip) ? ip : null;

    private PortProxies Listen(Entry entry, int port)
    {
        if (entry.Ports.TryGetValue(port, out var there))
            return there;
        var (named, reason) = Open(AddressOf(entry), port, entry, port);
        TcpProxy? wanted = null;
        if (_wanted.TryGetValue(new(entry.Key.Namespace, entry.Key.Name, port), out var local))
            (wanted, reason) = Open(IPAddress.Loopback, local, entry, port);
        return entry.Ports[port] = new(named, wanted, _addresses.IsSingle && wanted is null ? null : reason);
    }

    // Made again, a Service may have another address than the one that its name stands for: people see it, so it works as well.
    private bool ListenAtClusterAddress(Entry entry)
    {
        if (ClusterAddress(entry) is not { } address || address.Equals(AddressOf(entry)))
            return false;
        var moved = entry.Ports.Where(p => p.Value.AtClusterAddress?.Place.Address.Equals(address) != true).ToList();
        foreach (var (port, proxies) in moved)
        {
            proxies.AtClusterAddress?.Dispose();
            proxies.AtClusterAddress = Open(address, port, entry, port).Proxy;
        }

        return moved.Count > 0;
    }

    private (TcpProxy Proxy, string? Reason) Open(IPAddress address, int at, Entry entry, int port)
    {
        var (listener, reason) = PortSearch.Listen(address, at);
        return (new(listener, () => Targets(entry, port)), reason);
    }

    private IReadOnlyList<IPEndPoint> Targets(Entry entry, int port) =>
        entry.Service is { } service && service.Spec.Ports.FirstOrDefault(p => p.Port == port) is { } found ? _endpoints.Of(service, found) : [];

    private sealed class Entry(ObjectKey key)
    {
        public ObjectKey Key { get; } = key;

        public LocalService? Service { get; set; }

        public IPAddress? Address { get; set; }

        public Dictionary<int, PortProxies> Ports { get; } = [];

        public HashSet<int> Mentioned { get; } = [];
    }

    /// <summary>The places of one port: where its name leads, and where people were promised it.</summary>
    private sealed class PortProxies(TcpProxy named, TcpProxy? wanted, string? reason) : IDisposable
    {
        public TcpProxy Named { get; } = named;

        public TcpProxy Shown => wanted ?? Named;

        public string? Reason { get; } = reason;

        public TcpProxy? AtClusterAddress { get; set; }

        public void Dispose()
        {
            Named.Dispose();
            wanted?.Dispose();
            AtClusterAddress?.Dispose();
        }
    }
}
