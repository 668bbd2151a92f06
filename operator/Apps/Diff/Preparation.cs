using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// The JSON patch (RFC 6902) that has to come before a server-side apply: it does what an apply cannot. What we created or patched counts as applied
/// (see <see cref="ManagedFields.EntryOf"/>), what others put into lists that are ours whole goes, and on old servers what leaves the spec and holds objects.
/// </summary>
public static class Preparation
{
    /// <summary>The operations; none when an apply is enough. Each first tests that it finds at its place what it is meant for.</summary>
    /// <param name="apply">What is to be applied, and to what.</param>
    /// <param name="features">What the server can do.</param>
    public static JsonArray Of(ObjectAction.Apply apply, ClusterFeatures features)
    {
        var operations = new JsonArray();
        Join(operations, apply.Live.Metadata);
        var live = apply.Live.ToJsonObject();
        if (!features.RemovesNested)
        {
            foreach (var (pointer, (path, becomes)) in LeftStructs.Of(apply.Desired.Object, apply.Live))
                Leave(operations, live, pointer, path, becomes is { } value ? JsonNode.Parse(value.GetRawText()) : null);
        }

        // A list is replaced whole: without its foreign entries it may be empty, or miss what Kubernetes demands of it. The innermost goes first and is
        // part of the outer one's value.
        foreach (var list in apply.Extras.GroupBy(e => e.Path.Parent.ToJsonPointer(), StringComparer.Ordinal).OrderByDescending(l => l.First().Path.Steps.Length))
        {
            var parent = Find(live, list.First().Path.Parent);
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
            foreach (var missing in apply.Differences.Where(d => d.IsMissingEntry && d.Path.Parent.ToJsonPointer() == list.Key))
                entries.Add(JsonNode.Parse(missing.Desired.GetRawText()));
            Replace(operations, list.Key, before, entries.DeepClone());
        }

        return operations;
    }

    private static void Join(JsonArray operations, ObjectMeta live)
    {
        var (update, apply) = (ManagedFields.EntryOf(live, "Update"), ManagedFields.EntryOf(live, "Apply"));
        if (update < 0)
            return;
        Add(operations, "test", $"/metadata/managedFields/{update}/manager", Keys.Manager);
        if (apply < 0)
        {
            Replace(operations, $"/metadata/managedFields/{update}/operation", "Update", "Apply");
            return;
        }

        // Of two entries of Apply the server would take the later one for the whole.
        var (patched, applied) = (Fields(update), Fields(apply));
        Add(operations, "test", $"/metadata/managedFields/{apply}/manager", Keys.Manager);
        Add(operations, "test", $"/metadata/managedFields/{update}/fieldsV1", patched.DeepClone());
        Replace(operations, $"/metadata/managedFields/{apply}/fieldsV1", applied, Union(applied, patched));
        Add(operations, "remove", $"/metadata/managedFields/{update}");

        JsonObject Fields(int entry) => live.ManagedFields![entry].FieldsV1 is { } fields ? JsonObject.Create(fields.Json)! : [];
    }

    private static JsonObject Union(JsonObject one, JsonObject other)
    {
        var union = (JsonObject)one.DeepClone();
        foreach (var (step, below) in other)
            union[step] = union[step] is JsonObject there ? Union(there, (JsonObject)below!) : below?.DeepClone();
        return union;
    }

    private static void Leave(JsonArray operations, JsonObject live, string pointer, FieldPath path, JsonNode? becomes)
    {
        var parent = Find(live, path.Parent);
        if (becomes is null)
        {
            Remove(operations, path, (JsonObject)parent);
            return;
        }

        Replace(operations, pointer, Find(live, path).DeepClone(), becomes);
        if (path.Steps[^1] is { Field: null, Index: var index })
            parent[index] = becomes.DeepClone();
        else
            parent[path.Steps[^1].Field!] = becomes.DeepClone();
    }

    private static void Remove(JsonArray operations, FieldPath path, JsonObject fields)
    {
        var field = path.Steps[^1].Field!;
        Add(operations, "test", path.ToJsonPointer(), fields[field]!.DeepClone());
        Add(operations, "remove", path.ToJsonPointer());
        fields.Remove(field);
    }

    private static JsonNode Find(JsonNode root, FieldPath path) =>
        path.Steps.Aggregate(root, (node, step) => (step.Field is { } field ? node[field] : node[step.Index]) ?? throw new ArgumentException($"there is no {path}", nameof(path)));

    private static void Replace(JsonArray operations, string path, JsonNode was, JsonNode becomes)
    {
        Add(operations, "test", path, was);
        Add(operations, "replace", path, becomes);
    }

    private static void Add(JsonArray operations, string op, string path, JsonNode? value = null)
    {
        var operation = new JsonObject { ["op"] = op, ["path"] = path };
        if (value is not null)
            operation["value"] = value;
        operations.Add((JsonNode)operation);
    }
}
