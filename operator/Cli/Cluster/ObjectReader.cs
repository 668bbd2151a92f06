using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Reads the objects that carry an app's label, of every kind that the operator makes or that comes of it, as far as the server serves it and it may be read.</summary>
internal sealed class ObjectReader(ApiClient api)
{
    // Of one kind the first version that is served; all but these are served by every server that is supported.
    private static readonly ImmutableArray<Resource> Versioned =
    [
        new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"), new("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
        new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"), new("policy", "v1beta1", "PodDisruptionBudget", "poddisruptionbudgets"),
        new("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
        new("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"), new("gateway.networking.k8s.io", "v1", "GRPCRoute", "grpcroutes"),
        new("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    ];

    private static readonly ImmutableArray<Resource> Always =
        [.. AppCaches.ChildKinds.Where(k => Versioned.All(v => v.Kind != k.Kind)), Resources.ReplicaSets, Resources.Pods];

    /// <summary>Kinds that may not be read with these credentials.</summary>
    internal SortedSet<string> Denied { get; } = new(StringComparer.Ordinal);

    /// <summary>The objects.</summary>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="app">The app's name; null for all apps.</param>
    /// <param name="stop">Cancels.</param>
    internal async Task<ImmutableArray<KubeObject>> ReadAsync(string? ns, string? app, CancellationToken stop)
    {
        var served = await api.DiscoverAsync(Versioned, stop);
        var kinds = Always.Concat(Versioned.Where(served.Serves).DistinctBy(r => r.Kind));
        var lists = await Task.WhenAll(kinds.Select(kind => TryListAsync(kind, new(ns, app is null ? Keys.App : $"{Keys.App}={app}"), stop)));
        return [.. lists.SelectMany(l => l ?? [])];
    }

    /// <summary>The objects of a kind; null when they may not be read, or there is no such API.</summary>
    internal async Task<List<KubeObject>?> TryListAsync(Resource kind, ListScope scope, CancellationToken stop) => await TryListAsync(Kinds.Raw(kind), scope, stop);

    /// <inheritdoc cref="TryListAsync(Resource, ListScope, CancellationToken)"/>
    internal async Task<List<T>?> TryListAsync<T>(ResourceKind<T> kind, ListScope scope, CancellationToken stop)
        where T : class, IKubeObject
    {
        var objects = new List<T>();
        try
        {
            await foreach (var page in api.ListAsync(kind, scope, stop))
                objects.AddRange(page.Items);
            return objects;
        }
        catch (ApiException e) when (e.IsForbidden || e.IsNotFound)
        {
            if (e.IsForbidden)
            {
                lock (Denied)
                    Denied.Add(kind.Resource.ToString());
            }

            return null;
        }
    }
}
