using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Reads who set which field from <c>metadata.managedFields</c>, which the API server keeps (KEP-555).</summary>
public static class ManagedFields
{
    /// <summary>
    /// Whether the field still counts as set by us. A webhook that changes our own request changes the value and leaves the field ours;
    /// whoever changes it later takes it over. So a field that differs and is ours was changed by admission, and is no drift.
    /// </summary>
    public static bool IsOurs(ObjectMeta live, FieldPath path) => live.ManagedFields is { } entries && entries.Any(e => e.Manager == Keys.Manager && e.Subresource is null && Holds(e, path, entries));

    /// <summary>Whether nobody set the field: an entry of a list that admission put in. False where the server keeps no record.</summary>
    public static bool IsNobodys(ObjectMeta live, FieldPath path) => live.ManagedFields is { Count: > 0 } entries && !entries.Any(e => Holds(e, path, entries));

    /// <summary>Who set the field last, other than us; empty when that is unknown, as it is when the field was removed.</summary>
    public static string OtherOwner(ObjectMeta live, FieldPath path) =>
        live.ManagedFields?.Where(e => e.Manager != Keys.Manager && Holds(e, path, live.ManagedFields)).MaxBy(e => e.Time)?.Manager ?? "";

    /// <summary>
    /// Where our entry of an operation stands, or -1: <c>Update</c> holds what we created or patched, <c>Apply</c> what we applied. The first must become part
    /// of the second before a server-side apply: else the fields of both are ours, and one that leaves the spec would stay.
    /// </summary>
    public static int EntryOf(ObjectMeta live, string operation)
    {
        for (var i = 0; i < live.ManagedFields?.Count; i++)
        {
            if (live.ManagedFields[i] is { Manager: Keys.Manager, Subresource: null } entry && entry.Operation == operation)
                return i;
        }

        return -1;
    }

    private static bool Holds(ManagedFieldsEntry entry, FieldPath path, IReadOnlyList<ManagedFieldsEntry> all)
    {
        if (entry.FieldsV1?.Json is not { } node || node.GetPropertyCount() == 0)
            return false;
        for (var i = 0; i < path.Steps.Length; i++)
        {
            // An empty set below a field means the field as a whole, an atomic list for instance. But it is also what is left to whoever created a list or map with
            // keys once others took over all that was in it: no entry with a key is held by it, and no key of a map that others hold key by key.
            if (node.GetPropertyCount() == 0)
                return path.Steps[i].Key.IsEmpty && !all.Any(e => CountsBelow(e, path.Steps.AsSpan()[..i]));
            if (Child(node, path.Steps[i]) is not { } child)
                return false;
            node = child;
        }

        return true;
    }

    private static bool CountsBelow(ManagedFieldsEntry entry, ReadOnlySpan<PathStep> steps)
    {
        if (entry.FieldsV1?.Json is not { } node)
            return false;
        foreach (var step in steps)
        {
            if (Child(node, step) is not { } child)
                return false;
            node = child;
        }

        return node.EnumerateObject().Any(below => !below.NameEquals("."u8));
    }

    private static JsonElement? Child(JsonElement node, PathStep step)
    {
        if (step.Field is { } field)
            return node.TryGetProperty($"f:{field}", out var named) ? named : null;
        foreach (var candidate in node.EnumerateObject())
        {
            if (candidate.Name.StartsWith("k:", StringComparison.Ordinal) && KeyMatches(candidate.Name.AsSpan(2), step))
                return candidate.Value;
        }

        return null;
    }

    private static bool KeyMatches(ReadOnlySpan<char> json, PathStep step)
    {
        using var key = JsonDocument.Parse(json.ToString());
        return key.RootElement.ValueKind == JsonValueKind.Object && step.Key.All(k => key.RootElement.TryGetProperty(k.Name, out var value)
            && (value.ValueKind == JsonValueKind.String ? value.ValueEquals(k.Value) : value.GetRawText() == k.Value));
    }
}
