using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Testing;

/// <summary>Mistakes that a schema alone tells of, drawn from the schema: of any field there is, also of those that are new in it.</summary>
internal static class SchemaFlaws
{
    /// <summary>Puts mistakes into a spec, no two in one field, and nothing of a field that has another mistake in it.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="dice">Which.</param>
    /// <param name="count">How many there should be.</param>
    /// <param name="legible">Whether the spec can still be read as one: the types are right and what is required is there.</param>
    /// <param name="others">Mistakes that are there already.</param>
    internal static IReadOnlyList<Injected> Put(JsonObject spec, Dice dice, int count, bool legible, IReadOnlyList<Injected> others)
    {
        var injected = new List<Injected>();
        var taken = others.Select(o => PartOf(o.Path)).ToHashSet(StringComparer.Ordinal);
        foreach (var (parent, name, schema, path) in dice.Shuffled(Fields(spec, Crd.Schema.Properties["spec"], "spec")))
        {
            if (injected.Count == count)
                break;
            // What the rules between fields hang on is left alone, so that a mistake is one mistake.
            if (!IsAttached(parent, spec) || parent[name] is null || path.EndsWith(".name", StringComparison.Ordinal) || injected.Any(i => Touches(i.Path, path)) || taken.Contains(PartOf(path)))
                continue;
            if ((legible ? Legible(parent, name, schema, path, dice) : Illegible(parent, name, schema, path, dice)) is { } flaw)
                injected.Add(flaw);
        }

        if (injected.Count == 0)
        {
            spec["unknown-field"] = 1;
            injected.Add(new("spec.unknown-field", "unknown field"));
        }

        return injected;
    }

    private static IEnumerable<(JsonObject Parent, string Name, Schema Schema, string Path)> Fields(JsonNode? node, Schema schema, string path) => node switch
    {
        JsonObject map when schema.AdditionalProperties is not null => [],
        JsonObject fields => fields.Where(f => schema.Properties.ContainsKey(f.Key)).SelectMany(f =>
            Fields(f.Value, schema.Properties[f.Key], $"{path}.{f.Key}").Prepend((fields, f.Key, schema.Properties[f.Key], $"{path}.{f.Key}"))),
        JsonArray items => items.SelectMany((item, i) => Fields(item, schema.Items!, $"{path}[{i}]")),
        _ => [],
    };

    // spec.services[1] or spec.gateway: within such a part one mistake could hide another.
    private static string PartOf(string path) => path.Split('.') is [var spec, var part, ..] ? $"{spec}.{part}" : path;

    private static bool IsAttached(JsonNode node, JsonNode root) => node == root || (node.Parent is { } parent && IsAttached(parent, root));

    private static bool Touches(string one, string other) => one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);

    private static Injected? Legible(JsonObject parent, string name, Schema schema, string path, Dice dice)
    {
        switch (schema)
        {
            case { Type: "object", AdditionalProperties: null, PreservesUnknownFields: false } when parent[name] is JsonObject fields:
                fields["unknownField"] = dice.One<JsonNode?>(1, "x", new JsonObject(), new JsonArray());
                return new($"{path}.unknownField", "unknown field");
            case { Type: "integer", Maximum: < int.MaxValue } when name is "progressDeadlineSeconds" or "timeoutSeconds" or "requestsPerSecond" or "burst":
                parent[name] = dice.One(schema.Minimum!.Value - 1, schema.Maximum!.Value + 1, int.MinValue);
                return new(path, "must be between");
            case { Type: "string", Choices.Count: 0, MaxLength: { } most } when name is "value" or "path" or "claimName" or "secretName" or "subPath":
                parent[name] = new string('a', most + 1);
                return new(path, "must have at most");
            case { Type: "array", MaxItems: { } most } when name is "command" or "args":
                parent[name] = new JsonArray([.. Enumerable.Range(0, most + 1).Select(i => (JsonNode)$"{i}")]);
                return new(path, "must have at most");
            default:
                return null;
        }
    }

    private static Injected? Illegible(JsonObject parent, string name, Schema schema, string path, Dice dice)
    {
        if (schema.PreservesUnknownFields && dice.Chance(0.5))
            return null;
        switch (schema)
        {
            case { Choices.Count: > 0 } when dice.Chance(0.5):
                parent[name] = "Nonsense";
                return new(path, "must be ");
            case { Type: "array", Items: { } items } when items.Type == "object" && dice.Chance(0.3):
                parent[name]!.AsArray().Add((JsonNode?)null);
                return new($"{path}[{parent[name]!.AsArray().Count - 1}]", "is empty");
            case { Type: "object", Required.Count: > 0 } when parent[name] is JsonObject fields && dice.Chance(0.5):
                var missing = dice.One(schema.Required);
                fields.Remove(missing);
                return new($"{path}.{missing}", "is required");
            default:
                parent[name] = schema switch
                {
                    { IsIntOrString: true } => dice.One<JsonNode>(true, 1.5, new JsonObject(), new JsonArray()),
                    { Type: "string" } => dice.One<JsonNode>(1, false, new JsonObject(), new JsonArray(1)),
                    { Type: "integer" } => dice.One<JsonNode>("80", 1.5, 1e30, true, new JsonArray()),
                    { Type: "boolean" } => dice.One<JsonNode>("true", 0, new JsonObject()),
                    { Type: "array" } => dice.One<JsonNode>("a", 1, new JsonObject()),
                    _ => dice.One<JsonNode>("a", 1, new JsonArray()),
                };
                return new(path, "must be ");
        }
    }
}
