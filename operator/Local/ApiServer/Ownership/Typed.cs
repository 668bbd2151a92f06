using System.Text.Json.Nodes;
using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>
/// Values seen through their shapes: which paths they hold, how two differ, one laid over another, paths taken out. Pure; no argument is changed.
/// Rule: kubernetes.io, "Server-Side Apply", merge strategy.
/// </summary>
internal static class Typed
{
    /// <summary>The paths that a value sets.</summary>
    internal static FieldSet Fields(JsonNode? value, Shape? shape)
    {
        switch (value)
        {
            case JsonObject map when !IsAtomic(map, shape):
                return FieldSet.Of(false, map.Select(f =>
                {
                    var below = Fields(f.Value, Child(shape, f.Key));
                    var isMember = f.Value is null or JsonObject { Count: 0 } || !IsDeclared(shape, f.Key);
                    return KeyValuePair.Create($"f:{f.Key}", isMember ? below.Union(FieldSet.Leaf) : below);
                }));
            case JsonArray list when !IsAtomic(list, shape):
                return FieldSet.Of(false, Entries(list, shape!).Select(e => KeyValuePair.Create(e.Step, Fields(e.Value, shape!.Items).Union(FieldSet.Leaf))));
            default:
                return FieldSet.Leaf;
        }
    }

    /// <summary>The first list with two entries of one key, or null. Such a list cannot be merged.</summary>
    internal static string? Repetition(JsonNode? value, Shape? shape, string path = "") => value switch
    {
        JsonObject map when !IsAtomic(map, shape) => map.Select(f => Repetition(f.Value, Child(shape, f.Key), $"{path}.{f.Key}")).FirstOrDefault(r => r is not null),
        JsonArray list when !IsAtomic(list, shape) => Entries(list, shape!).GroupBy(e => e.Step, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? $"{path}: duplicate entries for key {twice.Key[2..]}"
            : list.Select(e => Repetition(e, shape!.Items, path)).FirstOrDefault(r => r is not null),
        _ => null,
    };

    /// <summary>How a value became another: the paths that came, went, and changed.</summary>
    internal static (FieldSet Added, FieldSet Removed, FieldSet Modified) Compare(JsonNode? before, JsonNode? after, Shape? shape)
    {
        if (before is JsonObject was && after is JsonObject now && !IsAtomic(was, shape))
            return Compare(FieldsOf(was, shape), FieldsOf(now, shape), ofFields: true);
        if (before is JsonArray wasList && after is JsonArray nowList && !IsAtomic(wasList, shape))
            return Compare(Steps(wasList, shape!), Steps(nowList, shape!), ofFields: false);
        return (FieldSet.Empty, FieldSet.Empty, Equal(before, after) ? FieldSet.Empty : FieldSet.Leaf);
    }

    /// <summary>Lays an applied configuration over an object: what it does not name stays.</summary>
    internal static JsonNode? Merge(JsonNode? live, JsonNode? applied, Shape? shape)
    {
        if (live is JsonObject was && applied is JsonObject now && !IsAtomic(now, shape))
        {
            var merged = (JsonObject)was.DeepClone();
            foreach (var (name, value) in now)
                merged[name] = Merge(was[name], value, Child(shape, name));
            return merged;
        }

        if (live is JsonArray wasList && applied is JsonArray nowList && !IsAtomic(nowList, shape))
            return MergeList(wasList, nowList, shape!);
        return applied?.DeepClone();
    }

    /// <summary>The paths, and those of the declared fields on the way to them: a field of which no path is set any more goes whole, with what the server filled in.</summary>
    internal static FieldSet WithStructs(FieldSet set, Shape? shape) => FieldSet.Of(set.IsMember, set.Children.Select(c =>
    {
        var (field, isDeclared) = (c.Key[2..], c.Key[0] == 'f' && IsDeclared(shape, c.Key[2..]));
        var below = WithStructs(c.Value, c.Key[0] == 'f' ? Child(shape, field) : shape?.Items);
        return KeyValuePair.Create(c.Key, isDeclared ? below.Union(FieldSet.Leaf) : below);
    }));

    /// <summary>Takes paths out of a value. An entry or field that is a member goes with all below it, but for what <paramref name="kept"/> holds.</summary>
    internal static JsonNode? Remove(JsonNode? value, FieldSet gone, FieldSet kept, Shape? shape)
    {
        if (gone.IsEmpty)
            return value?.DeepClone();
        switch (value)
        {
            case JsonObject map when !IsAtomic(map, shape):
                var fields = new JsonObject();
                foreach (var (name, field) in map)
                {
                    var (below, others) = (gone.Below($"f:{name}"), kept.Below($"f:{name}"));
                    if (below.IsEmpty || !others.IsEmpty || !Goes(field, below, Child(shape, name)))
                        fields[name] = Remove(field, below.IsEmpty ? FieldSet.Empty : below, others, Child(shape, name));
                }

                return fields;
            case JsonArray list when !IsAtomic(list, shape):
                var entries = new JsonArray();
                foreach (var (step, entry) in Entries(list, shape!))
                {
                    var (below, others) = (gone.Below(step), kept.Below(step));
                    if (!below.IsMember || !others.IsEmpty)
                        entries.Add(Remove(entry, below, others, shape!.Items));
                }

                return entries;
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>Whether two values say the same, numbers by their value.</summary>
    internal static bool Equal(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    // A field goes when it is a member, or an object of which nothing is left.
    private static bool Goes(JsonNode? field, FieldSet gone, Shape? shape) =>
        gone.IsMember || (field is JsonObject or JsonArray && Remove(field, gone, FieldSet.Empty, shape) is JsonObject { Count: 0 } or JsonArray { Count: 0 });

    private static (FieldSet Added, FieldSet Removed, FieldSet Modified) Compare(
        Dictionary<string, (JsonNode? Value, Shape? Shape, bool Declared)> before, Dictionary<string, (JsonNode? Value, Shape? Shape, bool Declared)> after, bool ofFields)
    {
        var (added, removed, modified) = (new List<KeyValuePair<string, FieldSet>>(), new List<KeyValuePair<string, FieldSet>>(), new List<KeyValuePair<string, FieldSet>>());
        foreach (var step in before.Keys.Union(after.Keys, StringComparer.Ordinal))
        {
            var (wasThere, isThere) = (before.TryGetValue(step, out var was), after.TryGetValue(step, out var now));
            if (wasThere && isThere)
            {
                var (a, r, m) = Compare(was.Value, now.Value, now.Shape);
                added.Add(new(step, a));
                removed.Add(new(step, r));
                modified.Add(new(step, m));
            }
            else
            {
                var (value, shape, declared) = isThere ? now : was;
                var set = Fields(value, shape);
                // An object of a declared type is there whether it is empty or not; a map, a list, or an object of a custom kind comes and goes.
                if (!ofFields || !declared || value is null or JsonArray or JsonObject { Count: 0 } || (value is JsonObject && shape is not { Type: ShapeType.Object, Name: not null }))
                    set = set.Union(FieldSet.Leaf);
                (isThere ? added : removed).Add(new(step, set));
            }
        }

        return (FieldSet.Of(false, added), FieldSet.Of(false, removed), FieldSet.Of(false, modified));
    }

    private static Dictionary<string, (JsonNode? Value, Shape? Shape, bool Declared)> FieldsOf(JsonObject map, Shape? shape) =>
        map.ToDictionary(f => $"f:{f.Key}", f => (f.Value, Child(shape, f.Key), IsDeclared(shape, f.Key)), StringComparer.Ordinal);

    private static Dictionary<string, (JsonNode? Value, Shape? Shape, bool Declared)> Steps(JsonArray list, Shape shape)
    {
        var steps = new Dictionary<string, (JsonNode?, Shape?, bool)>(StringComparer.Ordinal);
        foreach (var (step, value) in Entries(list, shape))
            steps.TryAdd(step, (value, shape.Items, true));
        return steps;
    }

    // Entries keep the order of the configuration; others stay behind the entry that they stood behind.
    private static JsonArray MergeList(JsonArray live, JsonArray applied, Shape shape)
    {
        var was = Entries(live, shape).ToList();
        var merged = Entries(applied, shape).ToList();
        var named = merged.Select(e => e.Step).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < merged.Count; i++)
        {
            var at = was.FindIndex(e => e.Step == merged[i].Step);
            merged[i] = (merged[i].Step, at >= 0 ? Merge(was[at].Value, merged[i].Value, shape.Items) : merged[i].Value?.DeepClone());
        }

        var place = 0;
        foreach (var (step, value) in was)
        {
            if (named.Contains(step))
                place = merged.FindIndex(e => e.Step == step) + 1;
            else
                merged.Insert(place++, (step, value?.DeepClone()));
        }

        return [.. merged.Select(e => e.Value)];
    }

    private static IEnumerable<(string Step, JsonNode? Value)> Entries(JsonArray list, Shape shape)
    {
        foreach (var entry in list)
        {
            if (shape.IsSet)
                yield return ($"v:{entry?.ToJsonString(Wire.Options) ?? "null"}", entry);
            else if (entry is JsonObject fields)
                yield return ($"k:{KeyOf(fields, shape).ToJsonString(Wire.Options)}", entry);
        }
    }

    // A key that is left out counts with its default: the protocol of a port.
    private static JsonObject KeyOf(JsonObject entry, Shape shape)
    {
        var key = new JsonObject();
        foreach (var name in shape.Keys.Order(StringComparer.Ordinal))
        {
            if ((entry[name] ?? shape.Items?.Fields.GetValueOrDefault(name)?.Default) is { } value)
                key[name] = value.DeepClone();
        }

        return key;
    }

    private static bool IsAtomic(JsonNode value, Shape? shape) => value switch
    {
        JsonArray => shape is not { Type: ShapeType.List, IsAtomic: false } || (!shape.IsSet && shape.Keys.IsEmpty),
        _ => shape is { IsAtomic: true },
    };

    private static bool IsDeclared(Shape? shape, string field) => shape is { Type: ShapeType.Object } && shape.Fields.ContainsKey(field);

    private static Shape? Child(Shape? shape, string field) => shape?.Type == ShapeType.Map ? shape.Items : shape?.Fields.GetValueOrDefault(field)?.Shape;
}
