using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Local.Schemas;

/// <summary>Everything that is wrong with an object, in the words of an API server.</summary>
public static class ShapeCheck
{
    /// <summary>Checks an object whose defaults are filled in and which is pruned.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="obj">The object as it would be stored.</param>
    /// <param name="old">The object as it is stored now; null when it is new.</param>
    /// <returns>The violations in the order of the object; empty when all is well.</returns>
    public static IReadOnlyList<Violation> Check(ServedKind kind, JsonObject obj, JsonObject? old = null)
    {
        var typed = ShapeDecoding.IsTyped(kind);
        var violations = MetadataChecks.Of(kind, obj, old)
            .Concat(typed ? Declared(kind.Shape, obj, "").Concat(KindChecks.Of(kind, obj, old)) : OfSchema(kind.Shape, obj, "", isRoot: true));
        // The shape says that something is missing, a rule says so with the reason: the longer one is enough.
        return [.. violations.GroupBy(v => v.Reason == Violation.Missing ? v.Path : v.ToString()).Select(g => g.MaxBy(v => v.Message.Length)!)];
    }

    /// <summary>Of a built-in kind: what must be there and what there is to choose from. Its metadata and status are the business of other rules and of nobody.</summary>
    private static IEnumerable<Violation> Declared(Shape shape, JsonNode? value, string path) => value switch
    {
        JsonObject fields when shape.Type == ShapeType.Object => shape.Fields
            .Where(f => path.Length > 0 || f.Key is not ("metadata" or "status"))
            .SelectMany(f => OfField(f.Value, fields[f.Key], Child(path, f.Key))),
        JsonObject map when shape is { Type: ShapeType.Map, Items: { } items } => map.SelectMany(f => Declared(items, f.Value, $"{path}[{f.Key}]")),
        JsonArray list when shape is { Type: ShapeType.List, Items: { } items } => list.SelectMany((item, i) => Declared(items, item, $"{path}[{i}]")),
        JsonValue when shape.Choices.Length > 0 && value.Text() is { Length: > 0 } text && !shape.Choices.Contains(text) => [Violation.NotSupported(path, value, shape.Choices)],
        _ => [],
    };

    private static IEnumerable<Violation> OfField(Field field, JsonNode? value, string path)
    {
        if (field.Required && (value is null || (field.OmitsEmpty && ShapeDefaults.IsEmpty(value))))
            return [Violation.Required(path)];
        return Declared(field.Shape, value, path);
    }

    /// <summary>Of a custom resource: all that its structural schema says.</summary>
    private static IEnumerable<Violation> OfSchema(Shape shape, JsonNode? value, string path, bool isRoot = false)
    {
        if (value is null)
            return shape.IsNullable || shape.Type == ShapeType.Any ? [] : [Violation.OfType(path, TypeName(shape), "null")];
        if (!Fits(shape, value))
            return [Violation.OfType(path, shape is { Type: ShapeType.Integer, Format: { } format } && TypeName(value) == "float64" ? format : TypeName(shape), TypeName(value))];
        return
        [
            .. value switch
            {
                JsonObject fields => OfObject(shape, fields, path, isRoot),
                JsonArray list => OfList(shape, list, path),
                _ => OfScalar(shape, value, path),
            },
            .. OfAlternatives(shape.Bounds, value, path),
        ];
    }

    private static IEnumerable<Violation> OfObject(Shape shape, JsonObject fields, string path, bool isRoot)
    {
        if (fields.Count > shape.Bounds?.MaxProperties)
            yield return Violation.TooMany(path, fields.Count, shape.Bounds.MaxProperties.Value);
        if (fields.Count < shape.Bounds?.MinProperties)
            yield return Violation.Invalid(path, fields.Count, $"{path} in body should have at least {shape.Bounds.MinProperties} properties");
        foreach (var (name, field) in shape.Fields.Where(f => f.Value.Required && !fields.ContainsKey(f.Key)))
            yield return Violation.Required(Child(path, name));
        foreach (var name in shape.IsEmbeddedResource ? EmbeddedNames.Where(n => fields.Text(n) is not { Length: > 0 }) : [])
            yield return Violation.Required(Child(path, name));
        foreach (var (name, value) in fields)
        {
            // Metadata has rules of its own, wherever the server knows it.
            if ((isRoot || shape.IsEmbeddedResource) && name is "apiVersion" or "kind" or "metadata" && !IsBounded(shape, name))
                continue;
            var inner = shape.Fields.TryGetValue(name, out var field) ? field.Shape : shape.Items;
            foreach (var violation in inner is null ? [] : OfSchema(inner, value, Child(path, name)))
                yield return violation;
        }
    }

    private static readonly string[] EmbeddedNames = ["apiVersion", "kind"];

    private static bool IsBounded(Shape shape, string name) => name == "metadata" && shape.Fields.TryGetValue(name, out var metadata) && metadata.Shape.Name is null;

    private static IEnumerable<Violation> OfList(Shape shape, JsonArray list, string path)
    {
        if (list.Count > shape.Bounds?.MaxItems)
            yield return Violation.TooMany(path, list.Count, shape.Bounds.MaxItems.Value);
        if (list.Count < shape.Bounds?.MinItems)
            yield return Violation.Invalid(path, list.Count, $"{path} in body should have at least {shape.Bounds.MinItems} items");
        for (var i = 0; i < list.Count && shape.Items is not null; i++)
        {
            foreach (var violation in OfSchema(shape.Items, list[i], $"{path}[{i}]"))
                yield return violation;
        }

        foreach (var violation in Repetitions(shape, list, path))
            yield return violation;
    }

    private static IEnumerable<Violation> Repetitions(Shape shape, JsonArray list, string path)
    {
        if (!shape.IsSet && shape.Keys.Length == 0)
            yield break;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            var key = shape.IsSet ? list[i]?.DeepClone() : new JsonObject(shape.Keys
                .Where(k => (list[i] as JsonObject)?[k] is not null)
                .Select(k => KeyValuePair.Create(k, list[i]![k]?.DeepClone())));
            if (!seen.Add(key?.ToJsonString() ?? "null"))
                yield return Violation.Duplicate($"{path}[{i}]", key);
        }
    }

    private static IEnumerable<Violation> OfScalar(Shape shape, JsonNode value, string path)
    {
        var bounds = shape.Bounds;
        if (shape.Choices.Length > 0 && value.Text() is { } chosen && !shape.Choices.Contains(chosen))
            yield return Violation.NotSupported(path, value, shape.Choices);
        else if (bounds?.Values.Length > 0 && !bounds.Values.Any(v => JsonNode.DeepEquals(v, value)))
            yield return Violation.NotSupported(path, value, bounds.Values.Select(v => v?.Text() ?? v?.ToJsonString() ?? "null"));

        if (value.Text() is { } text)
        {
            // One of them is enough: an empty text matches no pattern either.
            if (TextProblem(bounds, text, path) is { } problem)
                yield return problem;
            else if (shape is { Type: ShapeType.Text, Format: { } format } && !Formats.Fits(format, text))
                yield return Violation.OfFormat(path, format, text);
        }
        else if (value.GetValueKind() == JsonValueKind.Number && NumberProblem(bounds, value.AsValue(), path) is { } problem)
        {
            yield return Violation.Invalid(path, value, problem);
        }
    }

    private static Violation? TextProblem(Bounds? bounds, string text, string path)
    {
        if (bounds is null)
            return null;
        var length = text.EnumerateRunes().Count();
        if (length > bounds.MaxLength)
            return Violation.TooLong(path, bounds.MaxLength.Value);
        if (length < bounds.MinLength)
            return Violation.Invalid(path, text, $"{path} in body should be at least {bounds.MinLength} chars long");
        return bounds.Pattern is { } pattern && !Re2.Matches(pattern, text) ? Violation.Invalid(path, text, $"{path} in body should match '{pattern}'") : null;
    }

    private static string? NumberProblem(Bounds? bounds, JsonValue value, string path)
    {
        if (bounds is null)
            return null;
        var number = double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
        if (bounds.Minimum is { } least && (number < least || (bounds.ExclusiveMinimum && number <= least)))
            return Should($"be greater than {(bounds.ExclusiveMinimum ? "" : "or equal to ")}{Text(least)}");
        if (bounds.Maximum is { } most && (number > most || (bounds.ExclusiveMaximum && number >= most)))
            return Should($"be less than {(bounds.ExclusiveMaximum ? "" : "or equal to ")}{Text(most)}");
        return bounds.MultipleOf is { } step && number / step != Math.Truncate(number / step) ? Should($"be a multiple of {Text(step)}") : null;

        string Should(string what) => $"{path} in body should {what}";
        static string Text(double bound) => bound.ToString(CultureInfo.InvariantCulture);
    }

    // A server has no path for these: the field is in the message alone.
    private static IEnumerable<Violation> OfAlternatives(Bounds? bounds, JsonNode value, string path)
    {
        if (bounds is null)
            yield break;
        foreach (var violation in bounds.AllOf.SelectMany(s => OfSchema(s, value, path)))
            yield return violation;
        if (bounds.AnyOf.Length > 0 && !bounds.AnyOf.Any(Holds))
            yield return Nowhere($"\"{path}\" must validate at least one schema (anyOf)");
        if (bounds.OneOf.Length > 0 && bounds.OneOf.Count(Holds) is var fitting and not 1)
            yield return Nowhere($"\"{path}\" must validate one and only one schema (oneOf). Found {(fitting == 0 ? "none valid" : $"{fitting} valid alternatives")}");
        if (bounds.Not is { } not && Holds(not))
            yield return Nowhere($"\"{path}\" must not validate the schema (not)");

        bool Holds(Shape shape) => !OfSchema(shape, value, path).Any();
        static Violation Nowhere(string message) => Violation.Invalid("<nil>", "", message);
    }

    private static bool Fits(Shape shape, JsonNode value) => shape.Type switch
    {
        ShapeType.Object or ShapeType.Map => value is JsonObject,
        ShapeType.List => value is JsonArray,
        ShapeType.Text or ShapeType.Time or ShapeType.Bytes => value.GetValueKind() == JsonValueKind.String,
        ShapeType.Boolean => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        ShapeType.Number => value.GetValueKind() == JsonValueKind.Number,
        ShapeType.Integer => IsWhole(value),
        ShapeType.IntOrString => value.GetValueKind() == JsonValueKind.String || IsWhole(value),
        _ => true,
    };

    private static bool IsWhole(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.Number
        && decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue;

    private static string TypeName(Shape shape) => shape.Type switch
    {
        ShapeType.Object or ShapeType.Map => "object",
        ShapeType.List => "array",
        ShapeType.Boolean => "boolean",
        ShapeType.Number => "number",
        ShapeType.Integer => "integer",
        ShapeType.IntOrString => "integer,string",
        _ => "string",
    };

    private static string TypeName(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => IsWhole(value) ? "integer" : "float64",
        _ => "boolean",
    };

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
