using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>
/// Whether JSON can be read as the types of a built-in kind at all. A server answers 400 when it cannot, with the first mistake; what can be read and is wrong all
/// the same is answered 422, with all mistakes (<see cref="ShapeCheck"/>). Of a custom resource only the metadata is typed.
/// </summary>
public static class ShapeDecoding
{
    /// <summary>The message of the refusal; null when the object can be read.</summary>
    /// <param name="kind">The kind as which it is read.</param>
    /// <param name="obj">What somebody sent.</param>
    public static string? Refusal(ServedKind kind, JsonObject obj)
    {
        var first = IsTyped(kind) ? Mistake(kind.Shape, obj, kind.Resource.Kind, "") : OfMetadata(obj);
        return first is null ? null : $"{kind.Resource.Kind} in version \"{kind.Resource.Version}\" cannot be handled as a {kind.Resource.Kind}: {first}";
    }

    /// <summary>Whether the kind is built in.</summary>
    internal static bool IsTyped(ServedKind kind) => kind.Shape.Name is { } name && BuiltInKinds.Types.ContainsKey(name);

    private static string? OfMetadata(JsonObject obj) => obj["metadata"] is { } metadata ? Mistake(BuiltInKinds.ObjectMeta, metadata, "ObjectMeta", "") : null;

    private static string? Mistake(Shape shape, JsonNode? value, string owner, string path)
    {
        if (value is null)
            return null;
        return shape.Type switch
        {
            ShapeType.Object => value is JsonObject fields ? OfFields(shape, fields, path) : Mismatch(value, owner, path, $"v1.{Short(shape)}"),
            ShapeType.Map => value is JsonObject map ? First(map.Select(f => Mistake(shape.Items!, f.Value, owner, path))) : Mismatch(value, owner, path, GoType(shape)),
            ShapeType.List => value is JsonArray list ? First(list.Select(i => Mistake(shape.Items!, i, owner, path))) : Mismatch(value, owner, path, GoType(shape)),
            ShapeType.Any => null,
            _ => OfScalar(shape, value, owner, path),
        };
    }

    private static string? OfFields(Shape shape, JsonObject fields, string path) => First(fields.Select(f =>
        shape.Fields.TryGetValue(f.Key, out var field) ? Mistake(field.Shape, f.Value, Short(shape), path.Length == 0 ? f.Key : $"{path}.{f.Key}") : null));

    private static string? OfScalar(Shape shape, JsonNode value, string owner, string path)
    {
        var text = value.Text();
        return shape.Type switch
        {
            ShapeType.Text => text is null ? Mismatch(value, owner, path, "string") : null,
            ShapeType.Boolean => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? null : Mismatch(value, owner, path, "bool"),
            ShapeType.Integer => Fits(shape, value) ? null : Mismatch(value, owner, path, shape.Format ?? "int"),
            ShapeType.Number => value.GetValueKind() == JsonValueKind.Number ? null : Mismatch(value, owner, path, "float64"),
            ShapeType.IntOrString => text is not null || Fits(shape, value) ? null : Mismatch(value, owner, path, "int32"),
            ShapeType.Quantity => IsQuantity(value) ? null : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ShapeType.Time => text is null ? Mismatch(value, owner, path, "string") : IsTime(shape, text) ? null : $"parsing time {JsonValue.Create(text).ToJsonString()} as \"{Layout(shape)}\": cannot parse {JsonValue.Create(text).ToJsonString()} as \"2006\"",
            ShapeType.Bytes => text is null ? Mismatch(value, owner, path, "[]uint8") : Formats.IsBase64(text) ? null : $"illegal base64 data at input byte {Formats.EndOfBase64(text)}",
            _ => null,
        };
    }

    private static bool Fits(Shape shape, JsonNode value) =>
        value.GetValueKind() == JsonValueKind.Number
        && decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number == decimal.Truncate(number)
        && (shape.Format == "int64" ? number is >= long.MinValue and <= long.MaxValue : number is >= int.MinValue and <= int.MaxValue);

    private static bool IsQuantity(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => Quantity.TryParse(value.GetValue<string>(), out _),
        JsonValueKind.Number => Quantity.TryParse(value.ToJsonString(), out _),
        _ => false,
    };

    private static bool IsTime(Shape shape, string text) => Formats.Fits("date-time", text) && (!IsMicro(shape) || text.Contains('.', StringComparison.Ordinal));

    private static bool IsMicro(Shape shape) => Short(shape) == "MicroTime";

    private static string Layout(Shape shape) => IsMicro(shape) ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";

    private static string Mismatch(JsonNode value, string owner, string path, string wanted) =>
        $"json: cannot unmarshal {Found(value, wanted)} into Go struct field {owner}.{path} of type {wanted}";

    private static string Found(JsonNode value, string wanted) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => wanted.StartsWith("int", StringComparison.Ordinal) ? $"number {value.ToJsonString()}" : "number",
        _ => "bool",
    };

    private static string GoType(Shape shape) => shape.Type switch
    {
        ShapeType.List => $"[]{GoType(shape.Items!)}",
        ShapeType.Map => $"map[string]{GoType(shape.Items!)}",
        ShapeType.Object => $"v1.{Short(shape)}",
        ShapeType.Integer => shape.Format ?? "int",
        ShapeType.Boolean => "bool",
        _ => "string",
    };

    private static string Short(Shape shape) => shape.Name is { } name ? name[(name.LastIndexOf('.') + 1)..] : "Object";

    private static string? First(IEnumerable<string?> mistakes) => mistakes.FirstOrDefault(m => m is not null);
}
