using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>What the node knows of the server, kept up to date by watches: its pods, Services, and of ConfigMaps, Secrets and claims only that they moved.</summary>
internal sealed class NodeCaches
{
    private readonly List<Func<CancellationToken, Task>> _watchers = [];

    /// <summary>Caches of all namespaces.</summary>
    public NodeCaches(ApiClient api, NodeOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var (logger, metrics) = (logs.CreateLogger("Fleet.Watch"), new OperatorMetrics());
        Pods = Watched(NodeKinds.Pods, new(FieldSelector: $"spec.nodeName={options.Name}"), static p => p with { Metadata = p.Metadata with { ManagedFields = null } });
        Unbound = options.BindsPods ? Watched(NodeKinds.Pods, new(FieldSelector: "spec.nodeName="), static p => p with { Metadata = p.Metadata with { ManagedFields = null } }) : null;
        Services = Watched(NodeKinds.Services, new(), static s => s with { Metadata = s.Metadata with { ManagedFields = null } });
        ConfigMaps = Watched(Kinds.MetadataOf(Resources.ConfigMaps), new(), Identity);
        Secrets = Watched(Kinds.MetadataOf(Resources.Secrets), new(), Identity);
        ClaimsOfVolumes = Watched(Kinds.MetadataOf(NodeKinds.Claims), new(), Identity);

        ObjectCache<T> Watched<T>(ResourceKind<T> kind, ListScope scope, Func<T, T> trim)
            where T : class, IKubeObject
        {
            var cache = new ObjectCache<T>(kind.Resource);
            _watchers.Add(new Watcher<T>(api, kind, scope, cache, isServed: null, time, logger, metrics, trim).RunAsync);
            return cache;
        }
    }

    /// <summary>The pods of this node.</summary>
    public ObjectCache<LocalPod> Pods { get; }

    /// <summary>The pods of no node; null when they are left to a scheduler.</summary>
    public ObjectCache<LocalPod>? Unbound { get; }

    /// <summary>The Services.</summary>
    public ObjectCache<LocalService> Services { get; }

    /// <summary>That ConfigMaps are there and move.</summary>
    public ObjectCache<PartialObject> ConfigMaps { get; }

    /// <summary>That Secrets are there and move; never what they hold.</summary>
    public ObjectCache<PartialObject> Secrets { get; }

    /// <summary>That claims of volumes are there.</summary>
    public ObjectCache<PartialObject> ClaimsOfVolumes { get; }

    /// <summary>Keeps all up to date until stopped.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_watchers.Select(run => run(stop)));

    private static PartialObject Identity(PartialObject obj) => new()
    {
        Metadata = new() { Name = obj.Metadata.Name, Namespace = obj.Metadata.Namespace, Uid = obj.Metadata.Uid, ResourceVersion = obj.Metadata.ResourceVersion },
    };
}
