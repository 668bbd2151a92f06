using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>
/// The JSON patch (RFC 6902) that has to come before a server-side apply: it does what an apply cannot. Our entry of the creation becomes one of Apply
/// (see <see cref="ManagedFields.UpdateEntry"/>), what others put into lists that are ours whole goes, and on old servers what leaves the spec and holds objects.
/// </summary>
public static class Preparation
{
    /// <summary>The operations; none when an apply is enough. Each first tests that it finds at its place what it is meant for.</summary>
    /// <param name="apply">What is to be applied, and to what.</param>
    /// <param name="features">What the server can do.</param>
    public static JsonArray Of(ObjectAction.Apply apply, ClusterFeatures features)
    {
        var operations = new JsonArray();
        if (ManagedFields.UpdateEntry(apply.Live.Metadata) is var entry and >= 0)
        {
            operations.Add(Operation("test", $"/metadata/managedFields/{entry}/manager", Keys.Manager));
            Replace(operations, $"/metadata/managedFields/{entry}/operation", "Update", "Apply");
        }

        var live = apply.Live.ToJsonObject();
        // A probe without its handler is refused, and so would be every apply that takes a probe away (kubernetes/kubernetes issue 99037).
        var nested = features.RemovesNested ? [] : LeftFields.Of(apply.Desired.Object, apply.Live).Where(left => IsNested(left) && ManagedFields.OtherOwner(apply.Live.Metadata, left.Path).Length == 0);
        foreach (var left in nested.DistinctBy(left => left.Path.ToJsonPointer(), StringComparer.Ordinal))
            Remove(operations, left.Path, (JsonObject)Find(live, new(left.Path.Steps[..^1])));

        // A list is replaced whole: without its foreign entries it may be empty, or miss what Kubernetes demands of it. The innermost goes first and is
        // part of the outer one's value.
        foreach (var list in apply.Extras.GroupBy(e => new FieldPath(e.Path.Steps[..^1]).ToJsonPointer(), StringComparer.Ordinal).OrderByDescending(l => l.First().Path.Steps.Length))
        {
            var parent = Find(live, new(list.First().Path.Steps[..^1]));
            if (parent is JsonObject fields)
            {
                foreach (var extra in list)
                    Remove(operations, extra.Path, fields);
                continue;
            }

            var entries = (JsonArray)parent;
            var before = entries.DeepClone();
            foreach (var extra in list.OrderByDescending(e => e.Path.Steps[^1].Index))
                entries.RemoveAt(extra.Path.Steps[^1].Index);
            foreach (var missing in apply.Differences.Where(d => d.IsMissingEntry && new FieldPath(d.Path.Steps[..^1]).ToJsonPointer() == list.Key))
                entries.Add(JsonNode.Parse(missing.Desired.GetRawText()));
            Replace(operations, list.Key, before, entries.DeepClone());
        }

        return operations;
    }

    private static bool IsNested(Difference left) => left.Path.Steps[^1].Field is not null && left.Live.ValueKind == JsonValueKind.Object
        && left.Live.EnumerateObject().Any(field => field.Value.ValueKind == JsonValueKind.Object);

    private static void Remove(JsonArray operations, FieldPath path, JsonObject fields)
    {
        var field = path.Steps[^1].Field!;
        operations.Add(Operation("test", path.ToJsonPointer(), fields[field]!.DeepClone()));
        operations.Add(new JsonObject { ["op"] = "remove", ["path"] = path.ToJsonPointer() });
        fields.Remove(field);
    }

    private static JsonNode Find(JsonNode root, FieldPath path) =>
        path.Steps.Aggregate(root, (node, step) => (step.Field is { } field ? node[field] : node[step.Index]) ?? throw new ArgumentException($"there is no {path}", nameof(path)));

    private static void Replace(JsonArray operations, string path, JsonNode was, JsonNode becomes)
    {
        operations.Add(Operation("test", path, was));
        operations.Add(Operation("replace", path, becomes));
    }

    private static JsonObject Operation(string op, string path, JsonNode value) => new() { ["op"] = op, ["path"] = path, ["value"] = value };
}
