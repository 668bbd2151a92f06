using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>Drops the fields that a kind does not declare, as a server does before it stores an object.</summary>
public static class ShapePruning
{
    /// <summary>The object without undeclared fields, and where they were.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="obj">What somebody sent; not changed.</param>
    /// <returns>A new object, and a line for each field: <c>unknown field "spec.foo"</c>.</returns>
    public static (JsonObject Pruned, IReadOnlyList<string> Unknown) Prune(ServedKind kind, JsonObject obj)
    {
        var unknown = new List<string>();
        var pruned = Fields(kind.Shape, obj, "", unknown);
        return (pruned, [.. unknown.Select(path => $"unknown field \"{path}\"")]);
    }

    private static JsonNode? Value(Shape shape, JsonNode? value, string path, List<string> unknown) => value switch
    {
        JsonObject fields when shape.Type == ShapeType.Object => Fields(shape, fields, path, unknown),
        JsonObject fields when shape is { Type: ShapeType.Any, Fields.Count: > 0 } => Fields(shape, fields, path, unknown),
        JsonObject map when shape is { Type: ShapeType.Map, Items: { } items } =>
            new JsonObject(map.Select(f => KeyValuePair.Create(f.Key, Value(items, f.Value, $"{path}.{f.Key}", unknown)))),
        JsonArray list when shape is { Type: ShapeType.List, Items: { } items } => new JsonArray([.. list.Select((item, i) => Value(items, item, $"{path}[{i}]", unknown))]),
        _ => value?.DeepClone(),
    };

    private static JsonObject Fields(Shape shape, JsonObject fields, string path, List<string> unknown)
    {
        var pruned = new JsonObject();
        foreach (var (name, value) in fields)
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (shape.Fields.TryGetValue(name, out var field))
                pruned[name] = Value(field.Shape, value, at, unknown);
            else if (shape.KeepsUnknown)
                pruned[name] = value?.DeepClone();
            else
                unknown.Add(at);
        }

        return pruned;
    }
}
