using System.Collections.Immutable;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>
/// The caches of all that is watched: one set for all namespaces, or one for each that was named. A set has its own watches, since an order of events is
/// known within one watch only, and what is not granted in one namespace holds back no other.
/// </summary>
public sealed class WatchedNamespaces
{
    private readonly ImmutableDictionary<string, AppCaches> _named;

    /// <summary>Takes sets over.</summary>
    /// <param name="sets">One of all namespaces, or any number of one namespace each.</param>
    public WatchedNamespaces(params ImmutableArray<AppCaches> sets)
    {
        Sets = sets;
        _named = sets.Length == 1 ? ImmutableDictionary<string, AppCaches>.Empty : sets.ToImmutableDictionary(s => s.Namespace!, StringComparer.Ordinal);
    }

    /// <summary>Makes them.</summary>
    /// <param name="api">The server.</param>
    /// <param name="namespaces">The namespaces; empty for all.</param>
    /// <param name="access">What may be read.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where watchers tell of restarts.</param>
    /// <param name="metrics">Where caches and watchers are counted.</param>
    public static WatchedNamespaces Of(
        ApiClient api, IReadOnlyCollection<string> namespaces, OperatorAccess access, TimeProvider time, ILoggerFactory logs, OperatorMetrics metrics) =>
        new([.. (namespaces.Count == 0 ? (IEnumerable<string?>)[null] : namespaces).Select(ns => new AppCaches(api, ns, time, logs, metrics, access))]);

    /// <summary>The sets.</summary>
    public ImmutableArray<AppCaches> Sets { get; }

    /// <summary>The set that holds a namespace.</summary>
    /// <exception cref="KeyNotFoundException">Nobody watches it.</exception>
    public AppCaches this[string? ns] => Sets.Length == 1 ? Sets[0] : _named[ns ?? ""];

    /// <summary>Every cache.</summary>
    public IEnumerable<IObjectCache> All => Sets.SelectMany(s => s.All);

    /// <summary>Keeps all caches up to date until stopped.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Sets.Select(s => s.RunAsync(stop)));

    /// <summary>Asks again at once for kinds that were denied or not served.</summary>
    public void Poke()
    {
        foreach (var set in Sets)
            set.Poke();
    }
}
