using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>A JSON patch. Rule: RFC 6902, with the pointers of RFC 6901.</summary>
internal static class JsonPatch
{
    // As in kube-apiserver: nobody needs more, and each costs.
    private const int MaxOperations = 10_000;

    /// <summary>Returns the patched object; the argument is not changed.</summary>
    /// <exception cref="ApiError">The patch is none (400), or cannot be applied (422).</exception>
    internal static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
            throw ApiError.BadRequest("a JSON patch is a list of operations");
        if (operations.Count > MaxOperations)
            throw ApiError.TooLarge();
        // A root of its own, so that the whole object is a field like any other and can be replaced.
        var root = new JsonObject { [""] = target.DeepClone() };
        foreach (var operation in operations)
            Do(root, operation as JsonObject ?? throw ApiError.BadRequest("each operation of a JSON patch is an object"));
        return root[""] as JsonObject ?? throw Refused("the result is no object");
    }

    private static void Do(JsonObject root, JsonObject operation)
    {
        var path = Pointer(operation, "path");
        switch (operation.Text("op"))
        {
            case "add":
                Add(root, path, Value(operation));
                break;
            case "remove":
                Remove(root, path);
                break;
            case "replace":
                Remove(root, path);
                Add(root, path, Value(operation));
                break;
            case "move":
                var moved = Get(root, Pointer(operation, "from"))?.DeepClone();
                Remove(root, Pointer(operation, "from"));
                Add(root, path, moved);
                break;
            case "copy":
                Add(root, path, Get(root, Pointer(operation, "from"))?.DeepClone());
                break;
            case "test":
                if (!JsonNode.DeepEquals(Get(root, path), operation["value"]))
                    throw Refused($"testing value {operation.Text("path")} failed");
                break;
            case var other:
                throw ApiError.BadRequest($"op must be add, remove, replace, move, copy or test, is \"{other}\"");
        }
    }

    private static JsonNode? Get(JsonObject root, string[] path)
    {
        JsonNode? node = root;
        foreach (var step in path)
        {
            node = node switch
            {
                JsonObject fields when fields.TryGetPropertyValue(step, out var value) => value,
                JsonArray list when Index(step, list.Count - 1) is { } at => list[at],
                _ => throw Missing(path),
            };
        }

        return node;
    }

    private static void Add(JsonObject root, string[] path, JsonNode? value)
    {
        switch (Get(root, path[..^1]))
        {
            case JsonObject fields:
                fields[path[^1]] = value;
                break;
            case JsonArray list when path[^1] == "-":
                list.Add(value);
                break;
            case JsonArray list when Index(path[^1], list.Count) is { } at:
                list.Insert(at, value);
                break;
            default:
                throw Missing(path);
        }
    }

    private static void Remove(JsonObject root, string[] path)
    {
        switch (Get(root, path[..^1]))
        {
            case JsonObject fields when fields.Remove(path[^1]):
                break;
            case JsonArray list when Index(path[^1], list.Count - 1) is { } at:
                list.RemoveAt(at);
                break;
            default:
                throw Missing(path);
        }
    }

    private static int? Index(string step, int most) =>
        step.Length is > 0 and < 10 && step.All(char.IsAsciiDigit) && (step[0] != '0' || step.Length == 1) && int.Parse(step, System.Globalization.CultureInfo.InvariantCulture) is var at && at <= most ? at : null;

    private static JsonNode? Value(JsonObject operation) =>
        operation.ContainsKey("value") ? operation["value"]?.DeepClone() : throw ApiError.BadRequest($"the operation {operation.Text("op")} needs a value");

    private static string[] Pointer(JsonObject operation, string field)
    {
        if (operation.Text(field) is not { } text || (text.Length > 0 && text[0] != '/'))
            throw ApiError.BadRequest($"{field} must be a JSON pointer: it begins with a slash");
        return [.. text.Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static ApiError Missing(string[] path) => Refused($"there is nothing at {string.Join('/', path)}");

    private static ApiError Refused(string why) => ApiError.Unprocessable($"the server rejected our request due to an error in our request: {why}");
}
