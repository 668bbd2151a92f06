using System.Net;
using System.Text.Json;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.NodeDns;

/// <summary>The names of Services: <c>NAME.NAMESPACE.svc.cluster.local</c> is the Service's own address, or those of the ready pods behind a headless one.</summary>
internal sealed class ClusterNames
{
    private const string Zone = ".svc.cluster.local";

    private readonly ObjectCache<KubeObject> _services = new(Resources.Services);
    private readonly ObjectCache<KubeObject> _endpoints = new(new Resource("", "v1", "Endpoints", "endpoints"));
    private readonly Watcher<KubeObject>[] _watchers;

    public ClusterNames(ApiClient api, ILogger logger)
    {
        var metrics = new OperatorMetrics();
        _watchers =
        [
            .. new[] { _services, _endpoints }.Select(cache =>
                new Watcher<KubeObject>(api, Kinds.Raw(cache.Resource), new(), cache, isServed: null, TimeProvider.System, logger, metrics)),
        ];
    }

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_watchers.Select(w => w.RunAsync(stop)));

    /// <summary>The addresses of a name, none where it has none now; null where there is no such name.</summary>
    public IReadOnlyList<IPAddress>? Find(string name)
    {
        if (!name.EndsWith(Zone, StringComparison.OrdinalIgnoreCase) || name[..^Zone.Length].ToLowerInvariant().Split('.') is not [var service, var ns])
            return null;
        if (_services.Find(ns, service) is not { } found)
            return null;
        return found.Part("spec").TryGetProperty("clusterIP", out var own) && IPAddress.TryParse(own.GetString(), out var address)
            ? [address]
            : [.. Ready(_endpoints.Find(ns, service))];
    }

    private static IEnumerable<IPAddress> Ready(KubeObject? endpoints) =>
        Items(endpoints?.Part("subsets") ?? default)
            .SelectMany(subset => subset.TryGetProperty("addresses", out var addresses) ? Items(addresses) : [])
            .Select(address => IPAddress.Parse(address.GetProperty("ip").GetString()!))
            .Distinct();

    private static IEnumerable<JsonElement> Items(JsonElement array) => array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : [];
}
