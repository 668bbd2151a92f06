using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Controllers;

/// <summary>Everything that the controllers read, kept up to date by watches.</summary>
internal sealed class ControllerCaches
{
    /// <summary>The index of slices by their Service.</summary>
    public const string ByService = "service";

    private const string ByNamespace = "namespace";
    private const string ByOrphanage = "orphans";

    private readonly List<Func<CancellationToken, Task>> _watchers = [];

    /// <summary>Caches of all namespaces.</summary>
    public ControllerCaches(ApiClient api, TimeProvider time, ILogger logger, OperatorMetrics metrics)
    {
        var everywhere = new CacheIndex<KubeObject>(ByNamespace, o => [o.Metadata.Namespace ?? ""]);
        var orphans = new CacheIndex<KubeObject>(ByOrphanage, o => o.Metadata.ControllerOwner() is null ? [o.Metadata.Namespace ?? ""] : []);
        Deployments = Watched(Kinds.Raw(Resources.Deployments), everywhere);
        ReplicaSets = Watched(Kinds.Raw(Resources.ReplicaSets), everywhere, orphans);
        Pods = Watched(Kinds.Raw(Resources.Pods), everywhere, orphans);
        Services = Watched(Kinds.Raw(Resources.Services), everywhere);
        Endpoints = Watched(Kinds.Raw(EndpointsPlan.Endpoints));
        Slices = Watched(Kinds.Raw(EndpointSlicePlan.Slices), new CacheIndex<KubeObject>(ByService, OfService));
        Autoscalers = Watched(Kinds.Raw(ReplicaBounds.Autoscalers), everywhere);
        Budgets = Watched(Kinds.Raw(DisruptionBudget.Budgets), everywhere);
        Namespaces = Watched(Kinds.MetadataOf(Resources.Namespaces));
        Accounts = Watched(Kinds.MetadataOf(Resources.ServiceAccounts));
        Authorities = Selected(Kinds.MetadataOf(Resources.ConfigMaps), new(FieldSelector: $"metadata.name={NamespaceReconciler.Authorities}"));
        All = [Deployments, ReplicaSets, Pods, Services, Endpoints, Slices, Autoscalers, Budgets, Namespaces, Accounts, Authorities];

        ObjectCache<T> Watched<T>(ResourceKind<T> kind, params CacheIndex<T>[] indexes)
            where T : class, IKubeObject => Selected(kind, new ListScope(), indexes);

        ObjectCache<T> Selected<T>(ResourceKind<T> kind, ListScope scope, params CacheIndex<T>[] indexes)
            where T : class, IKubeObject
        {
            var cache = new ObjectCache<T>(kind.Resource, indexes);
            _watchers.Add(new Watcher<T>(api, kind, scope, cache, isServed: null, time, logger, metrics).RunAsync);
            return cache;
        }
    }

    public ObjectCache<KubeObject> Deployments { get; }

    public ObjectCache<KubeObject> ReplicaSets { get; }

    public ObjectCache<KubeObject> Pods { get; }

    public ObjectCache<KubeObject> Services { get; }

    public ObjectCache<KubeObject> Endpoints { get; }

    public ObjectCache<KubeObject> Slices { get; }

    public ObjectCache<KubeObject> Autoscalers { get; }

    public ObjectCache<KubeObject> Budgets { get; }

    public ObjectCache<PartialObject> Namespaces { get; }

    public ObjectCache<PartialObject> Accounts { get; }

    public ObjectCache<PartialObject> Authorities { get; }

    /// <summary>Every one of them.</summary>
    public IReadOnlyList<IObjectCache> All { get; }

    /// <summary>The objects of a namespace.</summary>
    public static IReadOnlyCollection<KubeObject> InNamespace(ObjectCache<KubeObject> cache, string ns) => cache.By(ByNamespace, ns);

    /// <summary>The objects of a namespace that no controller owns.</summary>
    public static IReadOnlyCollection<KubeObject> Orphans(ObjectCache<KubeObject> cache, string ns) => cache.By(ByOrphanage, ns);

    /// <summary>The key of a Service in <see cref="ByService"/>.</summary>
    public static string ServiceOf(KubeObject service) => $"{service.Metadata.Namespace}/{service.Metadata.Name}";

    /// <summary>Keeps all of them up to date until stopped.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_watchers.Select(run => run(stop)));

    private static IEnumerable<string> OfService(KubeObject slice) =>
        slice.Metadata.Label(EndpointSlicePlan.ServiceLabel) is { } service ? [$"{slice.Metadata.Namespace}/{service}"] : [];
}
