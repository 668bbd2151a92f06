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
            Parent = ParentOf(app) is var (inNamespace, name) ? caches.Gateways.Find(inNamespace, name) : null,
            SeesParent = ParentOf(app) is { } wanted && caches.SeesGateways(wanted.Namespace),
            Answers = answers.All,
            Features = features(),
            Missing = caches.Optional.Select(c => (c.Resource, Why: Why(c))).Where(m => m.Why is not null).ToImmutableDictionary(m => m.Resource, m => m.Why!),
            Denied = [.. caches.Needed.Where(c => c.State == CacheState.Denied)
                .Select(MayNot)],
        };
    }

    private static (string Namespace, string Name)? ParentOf(MicroserviceApp app) =>
        app.Spec.Gateway?.ParentRef is { } parent ? (parent.Namespace ?? app.Metadata.Namespace ?? "", parent.Name) : null;

    private static string MayNot(IObjectCache cache) => $"the operator may not list and watch {cache.Resource}: grant these verbs to its ServiceAccount ({cache.Denial})";

    private static Refusal? Why(IObjectCache cache) => cache.State switch
    {
        CacheState.NotServed => OptionalKinds.NotServed(cache.Resource),
        CacheState.Denied => new(Reasons.Forbidden, MayNot(cache)),
        _ => null,
    };
}
