using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>
/// Checks JSON against a schema as an API server does, but for people: every violation at its path, with the fix where it is known. CEL rules are not
/// evaluated; <see cref="AppRules"/> holds the same rules.
/// </summary>
public static class SchemaValidator
{
    /// <summary>No more problems than these are looked for.</summary>
    public const int MaxProblems = 100;

    /// <summary>Checks a value.</summary>
    /// <param name="schema">What it should be.</param>
    /// <param name="value">The value, from JSON or YAML.</param>
    /// <returns>What is wrong, in the order of the value, at most <see cref="MaxProblems"/>; empty when all is well.</returns>
    public static IReadOnlyList<Problem> Check(Schema schema, JsonNode? value) => [.. Violations(schema, value, "").Distinct().Take(MaxProblems)];

    private static IEnumerable<Problem> Violations(Schema schema, JsonNode? value, string path)
    {
        if (MismatchOf(schema, value) is { } mismatch)
            return [new(path, mismatch)];
        return value switch
        {
            JsonObject fields when schema.AdditionalProperties is { } entry => OfMap(schema, entry, fields, path),
            JsonObject fields => OfObject(schema, fields, path),
            JsonArray items => OfList(schema, items, path),
            _ => (IsText(value) ? OfText(schema, value!.GetValue<string>()) : OfNumber(schema, value)).Select(message => new Problem(path, message)),
        };
    }

    private static IEnumerable<Problem> OfObject(Schema schema, JsonObject fields, string path)
    {
        // As on a server, a field that is null is not there.
        foreach (var name in schema.Required.Where(r => fields[r] is null))
            yield return new(Child(path, name), "is required");
        foreach (var (name, value) in fields.Where(f => f.Value is not null))
        {
            if (schema.Properties.TryGetValue(name, out var property))
            {
                foreach (var problem in Violations(property, value, Child(path, name)))
                    yield return problem;
            }
            else if (!schema.PreservesUnknownFields && schema.Properties.Count > 0) // metadata declares nothing: the server knows it
            {
                yield return new(Child(path, Shown(name)), Suggestion.For(name, schema.Properties.Keys) is { } meant ? $"unknown field; did you mean {meant}?" : "unknown field");
            }
        }
    }

    private static IEnumerable<Problem> OfMap(Schema schema, Schema entry, JsonObject map, string path)
    {
        if (map.Count > schema.MaxProperties)
            yield return new(path, $"must have at most {schema.MaxProperties} entries, has {map.Count}");
        foreach (var (key, value) in map.Where(f => f.Value is not null))
        {
            foreach (var problem in Violations(entry, value, $"{path}[{Shown(key)}]"))
                yield return problem;
        }
    }

    private static IEnumerable<Problem> OfList(Schema schema, JsonArray items, string path)
    {
        if (items.Count < schema.MinItems)
            yield return new(path, $"must have at least {Count(schema.MinItems.Value, "entry", "entries")}, has {items.Count}");
        if (items.Count > schema.MaxItems)
            yield return new(path, $"must have at most {Count(schema.MaxItems.Value, "entry", "entries")}, has {items.Count}");
        for (var i = 0; i < items.Count; i++)
        {
            foreach (var problem in Violations(schema.Items!, items[i], $"{path}[{i}]"))
                yield return problem;
        }

        foreach (var problem in Repetitions(schema, items, path))
            yield return problem;
    }

    private static IEnumerable<Problem> Repetitions(Schema schema, JsonArray items, string path)
    {
        if (schema.ListMapKeys.Count == 0 && !schema.HasUniqueItems)
            yield break;
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var keys = schema.HasUniqueItems ? [items[i]] : schema.ListMapKeys.Select(k => (items[i] as JsonObject)?[k]).ToArray();
            if (keys.Contains(null))
                continue; // reported as missing or of the wrong type
            var key = string.Join(" ", keys.Select(k => k!.ToJsonString()));
            if (!seen.TryAdd(key, i))
                yield return new(schema.HasUniqueItems ? $"{path}[{i}]" : $"{path}[{i}].{schema.ListMapKeys[0]}", Says.Taken(string.Join(" ", keys.Select(Shown)), $"{path}[{seen[key]}]"));
        }
    }

    private static IEnumerable<string> OfText(Schema schema, string text)
    {
        if (schema.Choices.Count > 0)
        {
            if (!schema.Choices.Contains(text))
                yield return $"must be {OneOf(schema.Choices)}, is {Quoted(text)}";
            yield break;
        }

        if (schema.MinLength is not null || schema.MaxLength is not null)
        {
            var length = text.EnumerateRunes().Count();
            if (length < schema.MinLength)
                yield return length == 0 ? "must not be empty" : $"must have at least {Count(schema.MinLength.Value, "character")}, has {length}";
            if (length < schema.MinLength)
                yield break; // an empty text matches no pattern either: once is enough
            if (length > schema.MaxLength)
                yield return $"must have at most {Count(schema.MaxLength.Value, "character")}, has {length}";
        }

        if (schema.Pattern is { } pattern && !Re2.Matches(pattern, text))
            yield return $"must be {Patterns.InWords(pattern)}, is {Quoted(text)}";
        if (schema.Format == "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _))
            yield return $"must be a time such as 2006-01-02T15:04:05Z, is {Quoted(text)}";
    }

    private static IEnumerable<string> OfNumber(Schema schema, JsonNode? value)
    {
        if (value is null || !Integer(value, out var number))
            yield break; // a boolean
        var (min, max) = (schema.Minimum ?? (schema.Format == "int32" ? int.MinValue : long.MinValue), schema.Maximum ?? (schema.Format == "int32" ? int.MaxValue : long.MaxValue));
        if (number < min || number > max)
            yield return schema is { Minimum: not null, Maximum: null } ? $"must be at least {min}, is {number}" : $"must be between {min} and {max}, is {number}";
    }

    /// <summary>What is wrong with the type, or null.</summary>
    private static string? MismatchOf(Schema schema, JsonNode? value)
    {
        var (fits, wanted) = schema switch
        {
            { IsIntOrString: true } => (IsText(value) || Integer(value, out _), "a whole number or a string"),
            { Type: "object" } => (value is JsonObject, "an object"),
            { Type: "array" } => (value is JsonArray, "a list"),
            { Type: "boolean" } => (Kind(value) is JsonValueKind.True or JsonValueKind.False, "true or false"),
            { Type: "integer" } => (Integer(value, out _), "a whole number"),
            _ => (IsText(value), "a string"),
        };
        if (fits)
            return null;
        if (value is null)
            return $"must be {wanted}, is empty: give it a value or remove it";

        var fix = Kind(value) switch
        {
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when schema.Type == "string" || schema.IsIntOrString => ": put it in quotes",
            JsonValueKind.String when schema.Type is "integer" or "boolean" && IsPlain(value.GetValue<string>()) => ": remove the quotes",
            JsonValueKind.String or JsonValueKind.Number or JsonValueKind.Object when schema.Type == "array" => ": put - in front of each entry",
            _ => "",
        };
        return $"must be {wanted}, is {Shown(value)}{fix}";
    }

    private static JsonValueKind Kind(JsonNode? value) => value?.GetValueKind() ?? JsonValueKind.Null;

    private static bool IsText(JsonNode? value) => Kind(value) == JsonValueKind.String;

    private static bool IsPlain(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) || text is "true" or "false";

    // By its text, because a node may hold any of the numeric types.
    private static bool Integer(JsonNode? value, out long number)
    {
        number = 0;
        return Kind(value) == JsonValueKind.Number && long.TryParse(value!.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    private static string Shown(JsonNode? value) => value switch
    {
        null => "nothing",
        JsonObject => "an object",
        JsonArray => "a list",
        _ when IsText(value) => Quoted(value.GetValue<string>()),
        _ => Shown(value.ToJsonString()),
    };

    private static string Quoted(string text) => $"\"{Shown(text)}\"";

    private static string Shown(string text) => Excerpt.Line(text);

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Count(int count, string one, string? many = null) => $"{count} {(count == 1 ? one : many ?? one + "s")}";

    private static string OneOf(IReadOnlyList<string> choices)
    {
        var named = choices.Select(c => c.Length == 0 ? "\"\"" : c).ToArray();
        return named.Length == 1 ? named[0] : $"{string.Join(", ", named[..^1])} or {named[^1]}";
    }
}
