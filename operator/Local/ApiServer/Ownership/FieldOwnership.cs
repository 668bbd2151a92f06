using System.Text.Json.Nodes;
using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>
/// Keeps <c>metadata.managedFields</c> true through every write, and merges what is applied. Pure but for the objects handed in as being built.
/// Rule: kubernetes.io, "Server-Side Apply".
/// </summary>
internal static class FieldOwnership
{
    // Fields that nobody owns, whoever wrote them.
    private static readonly string[][] Nobodys =
    [
        ["f:apiVersion"], ["f:kind"], ["f:metadata", "f:name"], ["f:metadata", "f:namespace"], ["f:metadata", "f:creationTimestamp"], ["f:metadata", "f:selfLink"],
        ["f:metadata", "f:uid"], ["f:metadata", "f:generation"], ["f:metadata", "f:managedFields"], ["f:metadata", "f:resourceVersion"],
        ["f:metadata", "f:deletionTimestamp"], ["f:metadata", "f:deletionGracePeriodSeconds"],
    ];

    /// <summary>Notes who changed what by a creation, update or patch.</summary>
    /// <param name="before">The object before; null for a creation.</param>
    /// <param name="after">The object as it will be stored; its managedFields are those to go on from, and are rewritten.</param>
    /// <param name="kind">What they are.</param>
    /// <param name="id">Who writes.</param>
    /// <param name="now">When.</param>
    internal static void Update(JsonObject? before, JsonObject after, ServedKind kind, ManagerId id, DateTimeOffset now)
    {
        var managers = Managers.Of(after);
        var (added, removed, modified) = Typed.Compare(before ?? [], after, kind.Shape);
        var changed = Owned(added.Union(modified), kind, id);
        managers.Set(id, managers[id].Except(removed).Union(changed), now);
        managers.TakeFromOthers(id, changed.Union(removed));
        managers.WriteTo(after);
    }

    /// <summary>Merges an applied configuration into an object.</summary>
    /// <param name="live">The object; null when the apply creates it.</param>
    /// <param name="applied">The configuration, defaults not filled in.</param>
    /// <param name="kind">What they are.</param>
    /// <param name="id">Who applies.</param>
    /// <param name="force">Whether what others own is taken over.</param>
    /// <param name="now">When.</param>
    /// <returns>The object as it is to be stored, its managedFields included.</returns>
    /// <exception cref="ApiError">A field is another manager's and differs: 409 with every such field.</exception>
    internal static JsonObject Apply(JsonObject? live, JsonObject applied, ServedKind kind, ManagerId id, bool force, DateTimeOffset now)
    {
        var managers = Managers.Of(live);
        var set = Owned(Typed.Fields(applied, kind.Shape), kind, id);
        var gone = Typed.WithStructs(managers[id], kind.Shape).Except(Typed.WithStructs(set, kind.Shape));
        var kept = managers.Others(id).Aggregate(set, (all, other) => all.Union(other.Fields));
        var merged = (JsonObject)Typed.Merge(live ?? [], applied, kind.Shape)!;
        merged = (JsonObject)Typed.Remove(merged, gone.Except(kept), kept, kind.Shape)!;

        var (added, removed, modified) = Typed.Compare(live ?? [], merged, kind.Shape);
        var changed = added.Union(modified);
        var conflicts = managers.Others(id).SelectMany(other => other.Fields.Intersect(changed).Paths().Select(path => (Who: Shown(other), path))).ToList();
        if (conflicts.Count > 0 && !force)
            throw ApiError.FieldConflict(conflicts);
        managers.Set(id, set, now);
        managers.TakeFromOthers(id, changed.Union(removed));
        managers.WriteTo(merged);
        return merged;
    }

    private static string Shown(Managers.Entry entry) => entry.Id.IsApply || entry.Time.Length == 0 ? $"{entry.Id}" : $"{entry.Id} at {entry.Time}";

    // Through a subresource only its own part can be written, and around it only the rest.
    private static FieldSet Owned(FieldSet fields, ServedKind kind, ManagerId id)
    {
        foreach (var path in Nobodys)
            fields = fields.Without(path);
        if (id.Subresource == "status")
            return FieldSet.Of(false, fields.Children.Where(c => c.Key == "f:status" || (c.Key == "f:metadata" && ShapeDecoding.IsTyped(kind)))).Without("f:metadata", "f:labels");
        return kind.HasStatus ? fields.Without("f:status") : fields;
    }
}
