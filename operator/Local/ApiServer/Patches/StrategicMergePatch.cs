using System.Text.Json.Nodes;
using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>
/// A strategic merge patch: lists merge by the keys of their shape, and directives say what JSON alone cannot.
/// Rule: Kubernetes community, sig-api-machinery, "Strategic Merge Patch".
/// </summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch", RetainKeys = "$retainKeys", DeleteFrom = "$deleteFromPrimitiveList/", Order = "$setElementOrder/";

    /// <summary>Returns the patched object; neither argument is changed.</summary>
    /// <param name="target">What is patched.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="shape">What the target may be; null where nothing is known.</param>
    internal static JsonObject Apply(JsonObject target, JsonObject patch, Shape? shape)
    {
        switch (patch.Text(Directive))
        {
            case "replace":
                return Plain(patch);
            case "delete":
                return [];
        }

        var patched = (JsonObject)target.DeepClone();
        if (patch[RetainKeys] is JsonArray kept)
        {
            var names = kept.Select(n => n?.ToString()).ToHashSet(StringComparer.Ordinal);
            foreach (var name in patched.Select(f => f.Key).Where(f => !names.Contains(f)).ToArray())
                patched.Remove(name);
        }

        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeleteFrom, StringComparison.Ordinal))
                DeleteEntries(patched, name[DeleteFrom.Length..], value);
            else if (name[0] != '$')
                ApplyField(patched, name, value, ShapeOf(shape, name));
        }

        foreach (var (name, value) in patch.Where(f => f.Key.StartsWith(Order, StringComparison.Ordinal)))
        {
            var list = name[Order.Length..];
            if (patched[list] is JsonArray entries && value is JsonArray wanted)
                patched[list] = InOrder(entries, wanted, ShapeOf(shape, list)?.MergeKey);
        }

        return patched;
    }

    private static Shape? ShapeOf(Shape? shape, string field) => shape?.Type == ShapeType.Map ? shape.Items : shape?.Fields.GetValueOrDefault(field)?.Shape;

    private static void ApplyField(JsonObject patched, string name, JsonNode? value, Shape? shape)
    {
        if (value is null || (value as JsonObject)?.Text(Directive) == "delete")
            patched.Remove(name);
        else if (value is JsonObject changes)
            patched[name] = Apply(patched[name] as JsonObject ?? [], changes, shape);
        else if (value is JsonArray list && patched[name] is JsonArray entries && shape?.MergeKey is { } key)
            patched[name] = MergeEntries(entries, list, key, shape.Items);
        else if (value is JsonArray added && patched[name] is JsonArray values && shape?.MergesScalars == true)
            patched[name] = new JsonArray([.. values.Concat(added.Where(a => !values.Any(v => JsonNode.DeepEquals(v, a)))).Select(v => v?.DeepClone())]);
        else
            patched[name] = value is JsonArray whole ? WithoutDirectives(whole) : value.DeepClone();
    }

    private static JsonArray MergeEntries(JsonArray entries, JsonArray changes, string key, Shape? shape)
    {
        var replaces = changes.OfType<JsonObject>().Any(c => c.Text(Directive) == "replace" && c[key] is null);
        List<JsonNode?> merged = replaces ? [] : [.. entries.Select(e => e?.DeepClone())];
        foreach (var change in changes.OfType<JsonObject>())
        {
            var directive = change.Text(Directive);
            if (directive == "replace" && change[key] is null)
                continue;
            if (change[key] is not { } id)
                throw ApiError.BadRequest($"map: {change.ToJsonString(Wire.Options)} does not contain declared merge key: {key}");
            var at = merged.FindIndex(e => JsonNode.DeepEquals((e as JsonObject)?[key], id));
            if (directive == "delete")
            {
                if (at >= 0)
                    merged.RemoveAt(at);
            }
            else if (at >= 0)
                merged[at] = Apply((JsonObject)merged[at]!, change, shape);
            else
                merged.Add(Apply([], change, shape));
        }

        return [.. merged];
    }

    private static void DeleteEntries(JsonObject patched, string list, JsonNode? values)
    {
        if (patched[list] is JsonArray entries && values is JsonArray gone)
            patched[list] = new JsonArray([.. entries.Where(e => !gone.Any(g => JsonNode.DeepEquals(g, e))).Select(e => e?.DeepClone())]);
    }

    // Entries that the order does not name keep their place behind the one before them.
    private static JsonArray InOrder(JsonArray entries, JsonArray order, string? key)
    {
        JsonNode? Id(JsonNode? entry) => key is null ? entry : (entry as JsonObject)?[key];
        var places = new List<(double Place, JsonNode? Entry)>();
        var last = -1.0;
        for (var i = 0; i < entries.Count; i++)
        {
            var at = order.TakeWhile(o => !JsonNode.DeepEquals(Id(o), Id(entries[i]))).Count();
            last = at < order.Count ? at : last + (1.0 / (entries.Count + 1));
            places.Add((last, entries[i]));
        }

        return [.. places.OrderBy(p => p.Place).Select(p => p.Entry?.DeepClone())];
    }

    private static JsonObject Plain(JsonObject patch) => new(patch.Where(f => f.Key[0] != '$').Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone())));

    private static JsonArray WithoutDirectives(JsonArray list) =>
        [.. list.Where(e => (e as JsonObject)?.Text(Directive) is null).Select(e => e is JsonObject one ? Apply([], one, null) : e?.DeepClone())];
}
