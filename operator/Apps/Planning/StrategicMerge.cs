using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>
/// Lays the user's podTemplate over the planned one, as a strategic merge patch does: objects merge, null removes, lists with a merge key merge by it,
/// other lists are replaced. Rule: Kubernetes, community/contributors/devel/sig-api-machinery/strategic-merge-patch.md. One thing more: the handler of a probe
/// or of a lifecycle hook takes the place of the planned one, for Kubernetes takes one of them only and the user has the last word.
/// </summary>
internal static class StrategicMerge
{
    private static readonly HashSet<string> Handled = new(StringComparer.Ordinal) { "livenessProbe", "postStart", "preStop", "readinessProbe", "startupProbe" };
    private static readonly HashSet<string> Handlers = new(StringComparer.Ordinal) { "exec", "grpc", "httpGet", "sleep", "tcpSocket" };

    /// <summary>Returns a new object; neither input is changed.</summary>
    internal static JsonObject Apply(JsonObject original, JsonObject patch)
    {
        var directive = Directive(patch);
        if (directive == "replace")
            return WithoutDirectives(patch);

        var merged = (JsonObject)original.DeepClone();
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith('$'))
                continue;
            if (value is null)
                merged.Remove(name);
            else if (value is JsonObject changes)
                Merge(merged, name, changes);
            else if (value is JsonArray list && ListKeys.MergeKey(name) is { } key && list.All(e => e is JsonObject))
                merged[name] = MergeList(merged[name] as JsonArray ?? [], list, key);
            else
                merged[name] = value.DeepClone();
        }

        return merged;
    }

    private static void Merge(JsonObject merged, string name, JsonObject changes)
    {
        if (Directive(changes) == "delete")
            merged.Remove(name);
        else
            merged[name] = Apply(WithoutRivals(name, merged[name] as JsonObject ?? [], changes), changes);
    }

    private static JsonObject WithoutRivals(string name, JsonObject planned, JsonObject changes)
    {
        if (!Handled.Contains(name) || !changes.Any(c => Handlers.Contains(c.Key) && c.Value is not null))
            return planned;
        return new(planned.Where(p => !Handlers.Contains(p.Key) || changes.ContainsKey(p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
    }

    // Entries keep their place; new ones come last, in the order of the patch.
    private static JsonArray MergeList(JsonArray original, JsonArray patch, string key)
    {
        var replaced = patch.Any(e => Directive((JsonObject)e!) == "replace" && ((JsonObject)e!).Count == 1);
        List<JsonObject> result = replaced ? [] : [.. original.OfType<JsonObject>().Select(o => (JsonObject)o.DeepClone())];
        foreach (var entry in patch.OfType<JsonObject>())
        {
            var directive = Directive(entry);
            if (directive == "replace" && entry.Count == 1)
                continue;
            var at = result.FindIndex(o => JsonNode.DeepEquals(o[key], entry[key]));
            if (directive == "delete")
            {
                if (at >= 0)
                    result.RemoveAt(at);
            }
            else if (at >= 0)
                result[at] = Apply(result[at], entry);
            else
                result.Add(Apply([], entry));
        }

        return new JsonArray([.. result]);
    }

    private static string? Directive(JsonObject patch) =>
        patch["$patch"] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static JsonObject WithoutDirectives(JsonObject patch) => Apply([], new(patch.Where(p => p.Key != "$patch").Select(p => new KeyValuePair<string, JsonNode?>(p.Key, p.Value?.DeepClone()))));
}
