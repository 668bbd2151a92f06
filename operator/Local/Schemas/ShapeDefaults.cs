using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>
/// Makes of a manifest what a server stores of it: defaults filled in, nulls and empty fields left out, quantities in their one spelling. Undeclared fields stay;
/// <see cref="ShapePruning"/> is for those.
/// </summary>
public static class ShapeDefaults
{
    /// <summary>The object as it is stored.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="obj">What somebody sent; not changed.</param>
    /// <param name="old">The object as it is stored now, from which what was given out stays; null when it is new.</param>
    public static JsonObject Apply(ServedKind kind, JsonObject obj, JsonObject? old = null)
    {
        var filled = Fields(kind.Shape, old is null ? obj : ObjectDefaults.Kept(kind.Resource, obj, old));
        // The metadata of a custom resource is as built in as that of any other.
        if (filled["metadata"] is JsonObject metadata)
            filled["metadata"] = Fields(BuiltInKinds.ObjectMeta, metadata);
        ObjectDefaults.Fill(kind.Resource, filled);
        return filled;
    }

    /// <summary>A value of any shape, filled; a new one.</summary>
    internal static JsonNode? Value(Shape shape, JsonNode? value) => value switch
    {
        JsonObject fields when shape.Type == ShapeType.Object => Fields(shape, fields),
        JsonObject map when shape is { Type: ShapeType.Map, Items: { } items } => Map(items, map),
        JsonArray list when shape is { Type: ShapeType.List, Items: { } items } => new JsonArray([.. list.Select(i => Value(items, i))]),
        JsonValue when shape.Type == ShapeType.Quantity => CanonicalQuantity.Of(value),
        _ => value?.DeepClone(),
    };

    private static JsonObject Fields(Shape shape, JsonObject obj)
    {
        var filled = new JsonObject();
        foreach (var (name, value) in obj)
        {
            if (!shape.Fields.TryGetValue(name, out var field))
                filled[name] = shape.Items is { } items ? Value(items, value) : value?.DeepClone();
            else if (IsThere(field, value) && Value(field.Shape, value) is var kept && IsThere(field, kept)) // a map of nulls alone is empty, too
                filled[name] = kept;
        }

        foreach (var (name, field) in shape.Fields)
        {
            if (field.Default is { } standard && !filled.ContainsKey(name))
                filled[name] = Value(field.Shape, standard);
        }

        TypeDefaults.Fill(shape.Name, filled);
        return filled;
    }

    private static JsonObject Map(Shape items, JsonObject map)
    {
        var filled = new JsonObject();
        foreach (var (key, value) in map)
        {
            if (value is not null || items.IsNullable || items.Type == ShapeType.Any)
                filled[key] = Value(items, value);
            else if (items.Type == ShapeType.Text)
                filled[key] = ""; // as decoding into a map of strings does
        }

        return filled;
    }

    private static bool IsThere(Field field, JsonNode? value) =>
        value is null ? field.Shape.IsNullable : !field.OmitsEmpty || !IsEmpty(value);

    /// <summary>Whether a value is the zero of its type.</summary>
    internal static bool IsEmpty(JsonNode value) => value switch
    {
        JsonObject fields => fields.Count == 0,
        JsonArray items => items.Count == 0,
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>().Length == 0,
            JsonValueKind.False => true,
            JsonValueKind.Number => value.ToJsonString() is "0" or "0.0",
            _ => false,
        },
    };
}
