using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>
/// A set of paths into an object, as a tree. Steps are written as in <c>fieldsV1</c>: <c>f:name</c> a field, <c>k:{...}</c> a list entry by its keys,
/// <c>v:...</c> an entry by its value. Immutable. Rule: KEP-555 and the structured-merge-diff format of fieldsV1.
/// </summary>
internal sealed class FieldSet
{
    /// <summary>No path at all.</summary>
    internal static readonly FieldSet Empty = new(false, new(StringComparer.Ordinal));

    /// <summary>The path to where it stands, and none below.</summary>
    internal static readonly FieldSet Leaf = new(true, new(StringComparer.Ordinal));

    private readonly SortedDictionary<string, FieldSet> _children;

    private FieldSet(bool isMember, SortedDictionary<string, FieldSet> children) => (IsMember, _children) = (isMember, children);

    /// <summary>Whether the path to here is itself in the set.</summary>
    internal bool IsMember { get; }

    /// <summary>Whether there is no path in it.</summary>
    internal bool IsEmpty => !IsMember && _children.Count == 0;

    /// <summary>The sets below, by step.</summary>
    internal IReadOnlyDictionary<string, FieldSet> Children => _children;

    /// <summary>A set of a member or not, and of what is below it; empty branches are left out.</summary>
    internal static FieldSet Of(bool isMember, IEnumerable<KeyValuePair<string, FieldSet>> children)
    {
        var kept = new SortedDictionary<string, FieldSet>(StringComparer.Ordinal);
        foreach (var (step, child) in children)
        {
            if (!child.IsEmpty)
                kept[step] = child;
        }

        return kept.Count > 0 ? new(isMember, kept) : isMember ? Leaf : Empty;
    }

    /// <summary>The set below a step, or the empty one.</summary>
    internal FieldSet Below(string step) => _children.GetValueOrDefault(step, Empty);

    internal FieldSet Union(FieldSet other) => other.IsEmpty ? this : IsEmpty ? other : Of(
        IsMember || other.IsMember,
        _children.Keys.Union(other._children.Keys, StringComparer.Ordinal).Select(step => KeyValuePair.Create(step, Below(step).Union(other.Below(step)))));

    internal FieldSet Except(FieldSet other) => other.IsEmpty ? this : Of(
        IsMember && !other.IsMember, _children.Select(c => KeyValuePair.Create(c.Key, c.Value.Except(other.Below(c.Key)))));

    internal FieldSet Intersect(FieldSet other) => Of(
        IsMember && other.IsMember, _children.Select(c => KeyValuePair.Create(c.Key, c.Value.Intersect(other.Below(c.Key)))));

    /// <summary>Without a path and all below it.</summary>
    internal FieldSet Without(params ReadOnlySpan<string> path)
    {
        if (path.IsEmpty)
            return Empty;
        if (!_children.TryGetValue(path[0], out var child))
            return this;
        var (step, rest) = (path[0], child.Without(path[1..]));
        return Of(IsMember, _children.Select(c => c.Key == step ? KeyValuePair.Create(step, rest) : c));
    }

    /// <summary>The paths as people write them: <c>.spec.template.spec.containers[name="users"].image</c>.</summary>
    internal IEnumerable<string> Paths(string prefix = "")
    {
        if (IsMember)
            yield return prefix;
        foreach (var (step, child) in _children)
        {
            foreach (var path in child.Paths(prefix + Shown(step)))
                yield return path;
        }
    }

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    internal static FieldSet Parse(JsonObject fields)
    {
        var children = fields.Where(f => f.Key != "." && f.Value is JsonObject)
            .Select(f => KeyValuePair.Create(f.Key, ((JsonObject)f.Value!).Count == 0 ? Leaf : Parse((JsonObject)f.Value)));
        return Of(fields.ContainsKey("."), children);
    }

    /// <summary>Writes <c>fieldsV1</c>.</summary>
    internal JsonObject ToFieldsV1()
    {
        var json = new JsonObject();
        if (IsMember && _children.Count > 0)
            json["."] = new JsonObject();
        foreach (var (step, child) in _children)
            json[step] = child.ToFieldsV1();
        return json;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Paths());

    /// <summary>Whether two sets hold the same paths.</summary>
    internal bool Same(FieldSet other) => IsMember == other.IsMember && _children.Count == other._children.Count
        && _children.All(c => other._children.TryGetValue(c.Key, out var same) && c.Value.Same(same));

    private static string Shown(string step) => step[..2] switch
    {
        "f:" => $".{step[2..]}",
        "k:" => $"[{string.Join(',', ((JsonObject)JsonNode.Parse(step[2..])!).Select(k => $"{k.Key}={k.Value?.ToJsonString(Wire.Options) ?? "null"}"))}]",
        _ => $"[={step[2..]}]",
    };
}
