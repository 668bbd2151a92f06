using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>Step 1: an app and the world around it, from caches.</summary>
public sealed class AppReader(WatchedNamespaces watched, ConfigReader config, AnswerBook answers, OperatorSettings settings, Func<ClusterFeatures> features)
{
    /// <summary>The app, or null when it is gone.</summary>
    public MicroserviceApp? Find(ObjectKey key) => watched[key.Namespace].Apps.Find(key.Namespace, key.Name);

    /// <summary>The world around an app.</summary>
    public async Task<Observed> ReadAsync(MicroserviceApp app, CancellationToken stop)
    {
        var caches = watched[app.Metadata.Namespace];
        var references = app.Unreadable is null ? Planner.References(app, settings) : [];
        return new()
        {
            Children = [.. caches.ChildrenOf(app)],
            ReplicaSets = [.. caches.ReplicaSetsOf(app)],
            Pods = [.. caches.PodsOf(app)],
            Config = await config.ReadAsync(ObjectKey.Of(app), references, stop),
            Answers = answers.All,
            Features = features(),
            Denied = [.. caches.Needed.Where(c => c.State == CacheState.Denied)
                .Select(c => $"the operator may not list and watch {c.Resource}: grant these verbs to its ServiceAccount ({c.Denial})")],
        };
    }
}
