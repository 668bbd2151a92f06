using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Fleet.Runtime;

namespace Fleet.Local.ApiServer;

/// <summary>Deletes objects: at once, or marked until finalizers, dependents and processes have ended. Rule: kubernetes.io, "Garbage Collection", "Finalizers".</summary>
internal sealed class ObjectDeleter(ObjectStore store, ObjectWriter writer, KindRules rules, TimeProvider time)
{
    internal const string Foreground = "foregroundDeletion", Orphan = "orphan";

    /// <summary>Deletes an object.</summary>
    /// <returns>The object, and whether it is gone.</returns>
    /// <exception cref="ApiError">There is none, or it is not the one that was meant.</exception>
    internal (StoredObject Object, bool IsGone) Delete(ServedKind kind, ObjectKey key, Deletion deletion)
    {
        lock (store.Gate)
        {
            var live = store.Find(StorageKeys.Of(kind), key) ?? throw ApiError.NotFound(kind.Resource, key.Name);
            CheckPreconditions(kind, live, deletion);
            if (deletion.DryRun)
                return (live, IsGone: false);

            var marked = live.Copy();
            var grace = GraceOf(kind, live, deletion);
            Mark(marked.Meta(), live, deletion.Propagation, grace);
            if (kind.Resource.Kind == "Namespace")
                marked["status"] = new JsonObject { ["phase"] = "Terminating" };
            marked = StoredObject.Of(marked).Json;
            var stored = JsonNode.DeepEquals(marked, live.Json) ? live : StoredObject.Of(marked);
            var waits = marked.Meta().Texts("finalizers").Any() || grace > 0 || rules.HoldsBack(kind, live);
            if (!waits)
                return (rules.Gone(kind, store.Remove(StorageKeys.Of(kind), stored)), IsGone: true);
            return (ReferenceEquals(stored, live) ? live : store.Put(StorageKeys.Of(kind), (JsonObject)marked.DeepClone()), IsGone: false);
        }
    }

    /// <summary>Takes a finalizer off, if it is there.</summary>
    internal void TakeFinalizer(ServedKind kind, ObjectKey key, string finalizer)
    {
        lock (store.Gate)
        {
            if (store.Find(StorageKeys.Of(kind), key) is not { } live || !live.Json.Meta().Texts("finalizers").Contains(finalizer))
                return;
            var changed = live.Copy();
            changed.Meta()["finalizers"] = new JsonArray([.. changed.Meta().Texts("finalizers").Where(f => f != finalizer).Select(f => (JsonNode)f)]);
            writer.Finish(kind, store.Put(StorageKeys.Of(kind), changed));
        }
    }

    /// <summary>Takes owners off an object.</summary>
    internal void TakeOwners(ServedKind kind, ObjectKey key, IReadOnlyCollection<string> uids)
    {
        lock (store.Gate)
        {
            if (store.Find(StorageKeys.Of(kind), key) is not { } live || !live.Owners.Any(uids.Contains))
                return;
            var changed = live.Copy();
            var left = changed.Meta().Objects("ownerReferences").Where(o => !uids.Contains(o.Text("uid") ?? "")).Select(o => (JsonNode)o.DeepClone()).ToArray();
            if (left.Length == 0)
                changed.Meta().Remove("ownerReferences");
            else
                changed.Meta()["ownerReferences"] = new JsonArray(left);
            store.Put(StorageKeys.Of(kind), changed);
        }
    }

    /// <summary>Ends an object whose deletion was held back, when nothing holds it any more.</summary>
    internal void FinishIfFree(ServedKind kind, ObjectKey key)
    {
        lock (store.Gate)
        {
            if (store.Find(StorageKeys.Of(kind), key) is { IsTerminating: true } live)
                writer.Finish(kind, live);
        }
    }

    private void Mark(JsonObject meta, StoredObject live, string propagation, long grace)
    {
        var finalizers = meta.Texts("finalizers").Where(f => f is not (Foreground or Orphan)).ToList();
        if (propagation == "Foreground")
            finalizers.Add(Foreground);
        else if (propagation == "Orphan")
            finalizers.Add(Orphan);
        else if (live.IsTerminating)
            finalizers = [.. meta.Texts("finalizers")];
        if (finalizers.Count > 0)
            meta["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]);
        else
            meta.Remove("finalizers");
        if (!live.IsTerminating)
        {
            meta["deletionTimestamp"] = Wire.Time(time.GetUtcNow().AddSeconds(grace));
            if (meta.Number("generation") is { } generation)
                meta["generation"] = generation + 1;
        }
        else if (grace >= (meta.Number("deletionGracePeriodSeconds") ?? 0))
            return;
        meta["deletionGracePeriodSeconds"] = grace;
    }

    // Only a pod that runs somewhere has processes to wait for.
    private static long GraceOf(ServedKind kind, StoredObject live, Deletion deletion)
    {
        if (kind.Resource is not { Kind: "Pod", Group: "" } || live.Json["spec"] is not JsonObject spec || spec.Text("nodeName") is not { Length: > 0 })
            return 0;
        if ((live.Json["status"] as JsonObject)?.Text("phase") is "Succeeded" or "Failed")
            return 0;
        return Math.Max(0, deletion.GraceSeconds ?? spec.Number("terminationGracePeriodSeconds") ?? 30);
    }

    private static void CheckPreconditions(ServedKind kind, StoredObject live, Deletion deletion)
    {
        if (deletion.Uid is { } uid && uid != live.Uid)
            throw ApiError.Conflict(kind.Resource, live.Key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");
        if (deletion.Version is { } version && version != live.Version.ToString(CultureInfo.InvariantCulture))
        {
            throw ApiError.Conflict(
                kind.Resource, live.Key.Name, $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {live.Version}");
        }
    }
}
