using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Testing;

/// <summary>
/// Values that a schema allows, drawn from the schema itself, so that a field which is new in it is generated from then on. What a schema cannot say is said
/// by path, <c>services[].port</c> for instance: a value in place of the drawn one, or a change of a drawn object.
/// </summary>
/// <param name="dice">What is drawn.</param>
/// <param name="density">How often a field is there that need not be, from 0 to 1.</param>
internal sealed class SchemaValues(Dice dice, double density)
{
    /// <summary>By path, a value in place of a drawn one.</summary>
    internal Dictionary<string, Func<JsonNode>> Instead { get; } = new(StringComparer.Ordinal);

    /// <summary>By path of a map, its keys.</summary>
    internal Dictionary<string, Func<string>> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>By path of an object, what makes it whole.</summary>
    internal Dictionary<string, Action<JsonObject>> Mend { get; } = new(StringComparer.Ordinal);

    /// <summary>A value.</summary>
    internal JsonNode Of(Schema schema, string path)
    {
        if (Instead.TryGetValue(path, out var instead))
            return instead();
        return schema switch
        {
            { AdditionalProperties: { } entry } => Map(schema, entry, path),
            { Type: "object" } => Object(schema, path),
            { Type: "array" } => List(schema, path),
            { Type: "boolean" } => dice.Chance(0.5),
            { Type: "integer" } => (int)dice.Bounded(schema.Minimum ?? int.MinValue, schema.Maximum ?? int.MaxValue),
            { IsIntOrString: true } => dice.Chance(0.5) ? (int)dice.Bounded(schema.Minimum ?? 0, schema.Maximum ?? int.MaxValue) : Text(schema),
            _ => Text(schema),
        };
    }

    /// <summary>A field's value, where the field has to be there.</summary>
    internal JsonNode Field(Schema schema, string path, string name) => Of(schema.Properties[name], Child(path, name));

    private JsonObject Object(Schema schema, string path)
    {
        var made = new JsonObject();
        foreach (var (name, property) in schema.Properties.Where(p => schema.Required.Contains(p.Key) || dice.Chance(density)))
            made[name] = Of(property, Child(path, name));
        if (Mend.TryGetValue(path, out var mend))
            mend(made);
        return made;
    }

    private JsonObject Map(Schema schema, Schema entry, string path)
    {
        var made = new JsonObject();
        for (var left = Count(0, schema.MaxProperties); left > 0; left--)
            made[Keys[path]()] = Of(entry, $"{path}[*]");
        if (Mend.TryGetValue(path, out var mend))
            mend(made);
        return made;
    }

    private JsonArray List(Schema schema, string path)
    {
        var made = new JsonArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var left = Count(schema.MinItems ?? 0, schema.MaxItems); left > 0; left--)
        {
            var item = Of(schema.Items!, $"{path}[]");
            var key = schema.HasUniqueItems ? item.ToJsonString() : string.Concat(schema.ListMapKeys.Select(k => item[k]!.ToJsonString()));
            if (key.Length == 0 || seen.Add(key))
                made.Add(item);
        }

        return made;
    }

    // Mostly few, now and then as many as there may be.
    private int Count(int least, int? most) => dice.Chance(0.003) ? most ?? 20 : dice.Between(least, Math.Min(least + 3, most ?? 20));

    private string Text(Schema schema)
    {
        if (schema.Choices.Count > 0)
            return dice.One(schema.Choices);
        var (least, most) = (schema.MinLength ?? 0, schema.MaxLength ?? 50);
        return schema.Pattern is { } pattern ? PatternText.Of(pattern, least, most, dice) : OddText.Of(dice, least, most);
    }

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
