using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>Maps a changed object to the apps that have to be looked at: itself, its owner, the app of its label, the apps that refer to it.</summary>
internal static class KeyMap
{
    internal static void Connect(AppCaches caches, ConfigReader config, Action<ObjectKey> add)
    {
        caches.Apps.Changed += (before, now) =>
        {
            // What only the operator writes is no reason for a pass: it comes back here after every status write.
            if (before is not null && now is not null && SaysTheSame(before, now))
                return;
            add(ObjectKey.Of((now ?? before)!));
        };
        foreach (var cache in caches.AllChildren)
            cache.Changed += (before, now) => AddAppsOf(before, now, add);
        caches.ReplicaSets.Changed += (before, now) => AddAppsOf(before, now, add);
        caches.Pods.Changed += (before, now) => AddAppsOf(before, now, add);
        caches.Gateways.Changed += (before, now) => AddAppsOn((now ?? before)!);
        caches.ConfigMaps.Changed += (before, now) => AddUsersOf(Resources.ConfigMaps, before, now);
        if (caches.Secrets is { } secrets)
            secrets.Changed += (before, now) => AddUsersOf(Resources.Secrets, before, now);

        // A kind that can be read now, or no longer, concerns every app.
        foreach (var changed in (Action<Action<CacheState>>[])[h => caches.ReplicaSets.StateChanged += h, h => caches.Pods.StateChanged += h, h => caches.ConfigMaps.StateChanged += h,
            h => caches.Secrets?.StateChanged += h, h => caches.Gateways.StateChanged += h, .. caches.AllChildren.Select(c => (Action<Action<CacheState>>)(h => c.StateChanged += h))])
        {
            changed(_ =>
            {
                foreach (var app in caches.Apps.All)
                    add(ObjectKey.Of(app));
            });
        }

        // Gateways are few and seldom change.
        void AddAppsOn(KubeObject gateway)
        {
            foreach (var app in caches.Apps.All.Where(a => a.Spec.Gateway?.ParentRef is { } parent && parent.Name == gateway.Metadata.Name && (parent.Namespace ?? a.Metadata.Namespace) == gateway.Metadata.Namespace))
                add(ObjectKey.Of(app));
        }

        void AddUsersOf(Resource resource, PartialObject? before, PartialObject? now)
        {
            var metadata = (now ?? before)!.Metadata;
            foreach (var user in config.UsersOf(metadata.Namespace ?? "", new(resource.Kind, metadata.Name)))
                add(user);
        }
    }

    private static bool SaysTheSame(MicroserviceApp before, MicroserviceApp now) =>
        before.Metadata.Uid == now.Metadata.Uid && before.Metadata.Generation == now.Metadata.Generation &&
        before.Metadata.DeletionTimestamp == now.Metadata.DeletionTimestamp && now.Status is { } status && StatusBuilder.Same(before.Status, status);

    private static void AddAppsOf(IKubeObject? before, IKubeObject? now, Action<ObjectKey> add)
    {
        foreach (var metadata in (ReadOnlySpan<ObjectMeta?>)[before?.Metadata, now?.Metadata])
        {
            if (metadata is null)
                continue;
            if (metadata.Label(Keys.App) is { } labelled)
                add(new(metadata.Namespace ?? "", labelled));
            if (metadata.ControllerOwner() is { } owner && owner.Kind == MicroserviceApp.Resource.Kind)
                add(new(metadata.Namespace ?? "", owner.Name));
        }
    }
}
