using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>What the operator was given no right to read, and so never asks for.</summary>
/// <param name="Secrets">False: Secrets are neither watched nor read.</param>
/// <param name="Rbac">False: Roles and RoleBindings are neither read nor written.</param>
public sealed record OperatorAccess(bool Secrets = true, bool Rbac = true)
{
    /// <summary>The kinds of children that may be read and written.</summary>
    public IEnumerable<Resource> ChildKinds => Rbac ? AppCaches.ChildKinds : AppCaches.ChildKinds.Except([Resources.Roles, Resources.RoleBindings]);
}

/// <summary>Everything that passes over the apps of one namespace, or of all, read; kept up to date by watches: the only reads that the operator makes of the API server.</summary>
public sealed class AppCaches
{
    private const string ByApp = "app";

    /// <summary>The kinds of an app's children. They carry our label, so the server sends us nobody else's.</summary>
    public static readonly ImmutableArray<Resource> ChildKinds =
        [Resources.ServiceAccounts, Resources.ConfigMaps, Resources.Roles, Resources.RoleBindings, Resources.Services, Resources.Deployments, .. OptionalKinds.All];

    /// <summary>The kinds that a cluster serves once it has their CRDs.</summary>
    public static readonly ImmutableArray<Resource> CustomKinds =
        [MicroserviceApp.Resource, Resources.ServiceMonitors, Resources.Gateways, Resources.HttpRoutes, Resources.GrpcRoutes];

    private readonly ImmutableDictionary<Resource, ObjectCache<KubeObject>> _children;
    private readonly List<Func<CancellationToken, Task>> _watchers = [];
    private readonly List<Action> _pokes = [];

    /// <summary>Caches for one namespace, or for all.</summary>
    /// <param name="api">The server.</param>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where watchers tell of restarts.</param>
    /// <param name="metrics">Where caches and watchers are counted.</param>
    /// <param name="access">What may be read; everything when null.</param>
    public AppCaches(ApiClient api, string? ns, TimeProvider time, ILoggerFactory logs, OperatorMetrics metrics, OperatorAccess? access = null)
    {
        access ??= new();
        Namespace = ns;
        var labelled = new ListScope(ns, Keys.App);
        var logger = logs.CreateLogger("Fleet.Watch");
        Apps = Watched(MicroserviceApp.Type, new(ns), static app => app with { Metadata = Trimmed(app.Metadata) });
        _children = access.ChildKinds.ToImmutableDictionary(r => r, r => Watched(Kinds.Raw(r), labelled, null, new CacheIndex<KubeObject>(ByApp, AppOf)));
        ReplicaSets = Watched(Kinds.ReplicaSets, labelled, static r => r with { Metadata = Trimmed(r.Metadata) }, new CacheIndex<ReplicaSet>(ByApp, AppOf));
        Pods = Watched(Kinds.Pods, labelled, static p => p with { Metadata = Trimmed(p.Metadata) with { Annotations = null } }, new CacheIndex<Pod>(ByApp, AppOf));
        ConfigMaps = Watched(Kinds.MetadataOf(Resources.ConfigMaps), new(ns), Identity);
        Gateways = Watched(Kinds.Raw(Resources.Gateways), new(ns), null);
        Secrets = !access.Secrets ? null : Watched(Kinds.MetadataOf(Resources.Secrets), new(ns), Identity);

        ObjectCache<T> Watched<T>(ResourceKind<T> kind, ListScope scope, Func<T, T>? trim, params CacheIndex<T>[] indexes)
            where T : class, IKubeObject
        {
            var cache = new ObjectCache<T>(kind.Resource, indexes);
            var watcher = new Watcher<T>(api, kind, scope, cache, isServed: null, time, logger, metrics, trim);
            _watchers.Add(watcher.RunAsync);
            _pokes.Add(watcher.Poke);
            return cache;
        }
    }

    /// <summary>The namespace; null for all.</summary>
    public string? Namespace { get; }

    /// <summary>The apps.</summary>
    public ObjectCache<MicroserviceApp> Apps { get; }

    /// <summary>The apps' ReplicaSets.</summary>
    public ObjectCache<ReplicaSet> ReplicaSets { get; }

    /// <summary>The apps' Pods.</summary>
    public ObjectCache<Pod> Pods { get; }

    /// <summary>The metadata of all ConfigMaps.</summary>
    public ObjectCache<PartialObject> ConfigMaps { get; }

    /// <summary>The metadata of all Secrets, never their data; null where they may not be read.</summary>
    public ObjectCache<PartialObject>? Secrets { get; }

    /// <summary>The Gateways of the Gateway API, of all namespaces that are watched.</summary>
    public ObjectCache<KubeObject> Gateways { get; }

    /// <summary>Every cache without which an app cannot be seen whole.</summary>
    public IEnumerable<IObjectCache> Needed => [Apps, .. _children.Values.Where(c => !OptionalKinds.All.Contains(c.Resource)), ReplicaSets, Pods];

    /// <summary>The caches of kinds that an app may do without.</summary>
    public IEnumerable<IObjectCache> Optional => OptionalKinds.All.Select(Children);

    /// <summary>Every cache.</summary>
    public IEnumerable<IObjectCache> All => [.. Needed, .. Optional, ConfigMaps, Gateways, .. Secrets is null ? Array.Empty<IObjectCache>() : [Secrets]];

    /// <summary>The cache of a kind of children.</summary>
    public ObjectCache<KubeObject> Children(Resource resource) => _children[resource];

    /// <summary>The caches of all kinds of children.</summary>
    public IEnumerable<ObjectCache<KubeObject>> AllChildren => _children.Values;

    /// <summary>What carries the app's label, or is owned by it.</summary>
    public IEnumerable<KubeObject> ChildrenOf(MicroserviceApp app) => _children.Values.SelectMany(c =>
        c.By(ByApp, KeyOf(app)).Concat(app.Metadata.Uid is { } uid ? c.OwnedBy(uid) : [])).Distinct();

    /// <summary>Whether a namespace's Gateways are seen.</summary>
    public bool SeesGateways(string inNamespace) => Gateways.State == CacheState.Synced && (Namespace is null || Namespace == inNamespace);

    /// <summary>The app's ReplicaSets.</summary>
    public IEnumerable<ReplicaSet> ReplicaSetsOf(MicroserviceApp app) => ReplicaSets.By(ByApp, KeyOf(app));

    /// <summary>The app's Pods.</summary>
    public IEnumerable<Pod> PodsOf(MicroserviceApp app) => Pods.By(ByApp, KeyOf(app));

    /// <summary>Keeps all caches up to date until stopped.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_watchers.Select(run => run(stop)));

    /// <summary>Asks again at once for kinds that were denied or not served.</summary>
    public void Poke() => _pokes.ForEach(poke => poke());

    private static string KeyOf(MicroserviceApp app) => $"{app.Metadata.Namespace}/{app.Metadata.Name}";

    private static IEnumerable<string> AppOf(IKubeObject obj) => obj.Metadata.Label(Keys.App) is { } app ? [$"{obj.Metadata.Namespace}/{app}"] : [];

    // Nobody asks who set a field of these, and it is half of what they weigh.
    private static ObjectMeta Trimmed(ObjectMeta meta) => meta with { ManagedFields = null };

    private static PartialObject Identity(PartialObject obj) => new()
    {
        Metadata = new() { Name = obj.Metadata.Name, Namespace = obj.Metadata.Namespace, Uid = obj.Metadata.Uid, ResourceVersion = obj.Metadata.ResourceVersion },
    };
}
