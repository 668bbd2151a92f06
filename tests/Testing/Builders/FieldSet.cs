using System.Text.Json.Nodes;

namespace Fleet.Testing;

/// <summary>
/// The fields of an object as the API server keeps them in managedFields. Written from the schema's list keys on its own, so that it can stand against what
/// the operator believes of them.
/// </summary>
internal static class FieldSet
{
    private const char Step = '\n';

    private static readonly Dictionary<string, string[]> Keys = new(StringComparer.Ordinal)
    {
        ["containers"] = ["name"],
        ["initContainers"] = ["name"],
        ["env"] = ["name"],
        ["volumes"] = ["name"],
        ["imagePullSecrets"] = ["name"],
        ["volumeMounts"] = ["mountPath"],
        ["topologySpreadConstraints"] = ["topologyKey", "whenUnsatisfiable"],
        ["ownerReferences"] = ["uid"],
    };

    /// <summary>Every field with its value; a list entry that is told by keys counts itself.</summary>
    public static Dictionary<string, string> Leaves(JsonObject obj)
    {
        var leaves = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in obj)
        {
            if (name == "metadata")
            {
                foreach (var (field, part) in value!.AsObject().Where(f => f.Key is "labels" or "annotations" or "ownerReferences" or "finalizers"))
                    Walk($"f:metadata{Step}f:{field}", field, part, inPod: false, leaves);
            }
            else if (name is not ("apiVersion" or "kind" or "status"))
            {
                Walk($"f:{name}", name, value, inPod: false, leaves);
            }
        }

        return leaves;
    }

    /// <summary>The fields in the form of <c>fieldsV1</c>.</summary>
    public static JsonObject ToFieldsV1(IEnumerable<string> paths)
    {
        var root = new JsonObject();
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var node = root;
            foreach (var step in path.Split(Step))
                node = (JsonObject)(node[step] ??= new JsonObject());
        }

        return root;
    }

    /// <summary>Lays one object over another, lists by their keys.</summary>
    public static void Merge(JsonObject live, JsonObject applied, bool inPod = false)
    {
        foreach (var (name, value) in applied)
        {
            var pod = inPod || name == "template";
            if (value is JsonObject fields && live[name] is JsonObject there)
                Merge(there, fields, pod);
            else if (value is JsonArray list && live[name] is JsonArray entries && KeysOf(name, pod) is { } keys)
                MergeList(entries, list, keys, pod);
            else
                live[name] = value?.DeepClone();
        }
    }

    /// <summary>
    /// What goes when these paths are nobody's any more: a struct or an entry of which nobody has a part goes whole, with the defaults that the server filled in
    /// (structured-merge-diff, EnsureNamedFieldsAreMembers).
    /// </summary>
    public static IReadOnlyCollection<string> Whole(IEnumerable<string> left, IReadOnlyCollection<string> kept)
    {
        var had = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in kept)
        {
            for (var end = path.LastIndexOf(Step); end > 0; end = path.LastIndexOf(Step, end - 1))
                had.Add(path[..end]);
        }

        return left.Select(Top).ToHashSet(StringComparer.Ordinal);

        string Top(string path)
        {
            for (var end = path.LastIndexOf(Step); end > 0 && !had.Contains(path[..end]); end = path.LastIndexOf(Step))
                path = path[..end];
            return path.AsSpan(path.LastIndexOf(Step) + 1).StartsWith("k:") ? $"{path}{Step}." : path;
        }
    }

    /// <summary>Takes a field out, or an entry of a list, and what is empty without it.</summary>
    public static void Remove(JsonObject obj, string path) => Remove(obj, path.Split(Step).AsSpan());

    // Returns whether nothing is left.
    private static bool Remove(JsonNode? node, ReadOnlySpan<string> steps)
    {
        if (node is JsonArray list && list.OfType<JsonObject>().FirstOrDefault(new KeyStep(steps[0]).Matches) is { } entry)
        {
            if (steps[1] == ".")
                list.Remove(entry);
            else
                Remove(entry, steps[1..]);
            return list.Count == 0;
        }

        if (node is not JsonObject fields)
            return false;
        var name = steps[0][2..];
        if (steps.Length == 1 || Remove(fields[name], steps[1..]))
            fields.Remove(name);
        return fields.Count == 0;
    }

    private sealed class KeyStep(string step)
    {
        private readonly JsonObject _key = step.StartsWith("k:", StringComparison.Ordinal) ? JsonNode.Parse(step[2..])!.AsObject() : [];

        internal bool Matches(JsonObject entry) => _key.All(k => JsonNode.DeepEquals(entry[k.Key], k.Value));
    }

    private static void Walk(string path, string name, JsonNode? node, bool inPod, Dictionary<string, string> leaves)
    {
        inPod |= name == "template";
        if (node is JsonObject { Count: > 0 } fields)
        {
            foreach (var (field, value) in fields)
                Walk($"{path}{Step}f:{field}", field, value, inPod, leaves);
        }
        else if (node is JsonArray list && KeysOf(name, inPod) is { } keys)
        {
            foreach (var entry in list.OfType<JsonObject>())
            {
                var at = $"{path}{Step}k:{KeyOf(entry, keys).ToJsonString()}";
                leaves[$"{at}{Step}."] = "";
                Walk(at, "", entry, inPod, leaves);
            }
        }
        else
        {
            leaves[path] = node?.ToJsonString() ?? "null";
        }
    }

    private static string[]? KeysOf(string list, bool inPod) =>
        list == "ports" ? [inPod ? "containerPort" : "port", "protocol"] : Keys.GetValueOrDefault(list);

    private static JsonObject KeyOf(JsonObject entry, string[] keys) => new(keys.Select(k => KeyValuePair.Create(k, (entry[k] ?? "TCP").DeepClone()))!);

    private static void MergeList(JsonArray live, JsonArray applied, string[] keys, bool inPod)
    {
        foreach (var entry in applied.OfType<JsonObject>())
        {
            var there = live.OfType<JsonObject>().FirstOrDefault(e => JsonNode.DeepEquals(KeyOf(e, keys), KeyOf(entry, keys)));
            if (there is null)
                live.Add(entry.DeepClone());
            else
                Merge(there, entry, inPod);
        }
    }
}
