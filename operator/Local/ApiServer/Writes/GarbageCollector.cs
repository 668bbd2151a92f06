using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>
/// Follows every change and ends what has to end with it: dependents of owners that are gone, the content of namespaces and of CustomResourceDefinitions
/// that are being deleted; and orphans what should stay. Rule: kubernetes.io, "Garbage Collection".
/// </summary>
internal sealed class GarbageCollector(ObjectStore store, KindRegistry kinds, KindRules rules, ObjectDeleter deleter)
{
    private static readonly Deletion Background = new(null, null, "Background", null, DryRun: false);

    /// <summary>Collects until stopped.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        using var changes = store.FollowEverything();
        await foreach (var change in changes.Reader.ReadAllAsync(stop))
        {
            if (change.After is { } now)
                Look(change.Kind, now);
            else
                AfterDeletion(change);
        }
    }

    private void AfterDeletion(Change change)
    {
        var gone = change.Before!;
        foreach (var (kind, dependent) in store.DependentsOf(gone.Uid))
            Look(kind, dependent);
        // What waited for this one: an owner that deletes in the foreground, a namespace, a definition.
        foreach (var owner in gone.Owners)
        {
            if (store.FindByUid(owner) is { } found)
                Look(found.Kind, found.Object);
        }

        if (gone.Key.Namespace.Length > 0 && store.Find(KindRules.Namespaces, new("", gone.Key.Namespace)) is { IsTerminating: true } ns)
            Look(KindRules.Namespaces, ns);
        foreach (var crd in store.Read(KindRules.Crds).Objects.Values.Where(c => c.IsTerminating))
            Look(KindRules.Crds, crd);
    }

    private void Look(string storage, StoredObject seen)
    {
        // The change may be old: what counts is what is there now.
        if (KindOf(storage) is not { } kind || store.Find(storage, seen.Key) is not { } live || live.Uid != seen.Uid)
            return;
        if (live.IsTerminating)
            Advance(kind, live);
        else if (live.Owners.Count > 0)
            FollowOwners(kind, live);
    }

    private void FollowOwners(ServedKind kind, StoredObject live)
    {
        var owners = live.Owners.Select(uid => (Uid: uid, Found: store.FindByUid(uid))).ToList();
        var absent = owners.Where(o => o.Found is null).Select(o => o.Uid).ToHashSet(StringComparer.Ordinal);
        var ending = owners.Where(o => o.Found is { } f && f.Object.IsTerminating && Has(f.Object, ObjectDeleter.Foreground)).Select(o => o.Uid).ToHashSet(StringComparer.Ordinal);
        if (absent.Count + ending.Count == 0)
            return;
        if (absent.Count + ending.Count < owners.Count)
            deleter.TakeOwners(kind, live.Key, absent);
        else
            Delete(kind, live, ending.Count > 0 && store.DependentsOf(live.Uid).Count > 0 ? Background with { Propagation = "Foreground" } : Background);
    }

    private void Advance(ServedKind kind, StoredObject live)
    {
        if (Has(live, ObjectDeleter.Orphan))
        {
            foreach (var (storage, dependent) in store.DependentsOf(live.Uid))
            {
                if (KindOf(storage) is { } dependentKind)
                    deleter.TakeOwners(dependentKind, dependent.Key, [live.Uid]);
            }

            deleter.TakeFinalizer(kind, live.Key, ObjectDeleter.Orphan);
        }
        else if (Has(live, ObjectDeleter.Foreground))
        {
            var dependents = store.DependentsOf(live.Uid);
            foreach (var (storage, dependent) in dependents)
                Look(storage, dependent);
            if (!store.DependentsOf(live.Uid).Any(d => Blocks(d.Object, live.Uid)))
                deleter.TakeFinalizer(kind, live.Key, ObjectDeleter.Foreground);
        }
        else if (StorageKeys.Of(kind) is KindRules.Namespaces or KindRules.Crds)
        {
            var content = StorageKeys.Of(kind) == KindRules.Namespaces ? rules.ContentOf(live.Key.Name) : rules.InstancesOf(live);
            foreach (var (inside, item) in content.Where(c => !c.Object.IsTerminating).ToList())
                Delete(inside, item, Background);
            deleter.FinishIfFree(kind, live.Key);
        }
    }

    private void Delete(ServedKind kind, StoredObject live, Deletion deletion)
    {
        try
        {
            deleter.Delete(kind, live.Key, deletion with { Uid = live.Uid });
        }
        catch (ApiError e) when (e.Code is 404 or 409)
        {
            // Gone, or another object under its name by now: not ours to delete.
        }
    }

    private ServedKind? KindOf(string storage) => kinds.All.FirstOrDefault(k => StorageKeys.Of(k) == storage);

    private static bool Has(StoredObject stored, string finalizer) => stored.Json.Meta().Texts("finalizers").Contains(finalizer);

    private static bool Blocks(StoredObject dependent, string owner) =>
        dependent.Json.Meta().Objects("ownerReferences").Any(o => o.Text("uid") == owner && o["blockOwnerDeletion"]?.GetValue<bool>() == true);
}
