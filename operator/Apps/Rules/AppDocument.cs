using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>An app from a file, judged without a server: by the schema and by the rules.</summary>
/// <param name="App">The app; null when it cannot be read as one.</param>
/// <param name="Problems">All that is wrong; empty when a server and the operator would accept it.</param>
public sealed record AppDocument(MicroserviceApp? App, IReadOnlyList<Problem> Problems)
{
    /// <summary>Whether a document says that it is a MicroserviceApp, of whatever version.</summary>
    public static bool IsOne(JsonNode? document) =>
        document is JsonObject fields && Text(fields, "kind") == MicroserviceApp.Resource.Kind &&
        Text(fields, "apiVersion")?.StartsWith($"{MicroserviceApp.Resource.Group}/", StringComparison.Ordinal) == true;

    /// <summary>Reads a document.</summary>
    /// <param name="document">What the file holds.</param>
    /// <param name="settings">Which images are the bundled ones.</param>
    public static AppDocument Read(JsonNode? document, OperatorSettings settings)
    {
        // Of another kind, nothing else in it is ours to judge.
        if (document is JsonObject fields && OfKind(fields).ToArray() is { Length: > 0 } others)
            return new(null, others);

        var violations = SchemaValidator.Check(Crd.Schema, document);
        var (app, unread) = TryRead(document?.DeepClone());
        if (app is null)
            return new(null, violations is [] ? [unread!] : violations);
        return new(app, [.. violations.Concat(AppRules.Check(EffectiveApp.Of(app, settings))).Distinct().Take(SchemaValidator.MaxProblems)]);
    }

    private static IEnumerable<Problem> OfKind(JsonObject fields)
    {
        foreach (var (name, wanted) in new[] { ("apiVersion", MicroserviceApp.Resource.ApiVersion), ("kind", MicroserviceApp.Resource.Kind) })
        {
            if (Text(fields, name) is var text && text != wanted)
                yield return new(name, text is null ? $"is required: {wanted}" : $"must be {wanted}, is \"{text}\"");
        }
    }

    // The schema has reported what of the spec cannot be read, and rules are for what can. Of metadata the schema says nothing.
    private static (MicroserviceApp? App, Problem? Why) TryRead(JsonNode? document)
    {
        if (!DropNulls(document))
            return (null, new("metadata", "a list in it has an empty entry: give it a value or remove it"));
        try
        {
            return (document.Deserialize(AppsJson.Default.MicroserviceApp), null);
        }
        catch (JsonException e)
        {
            return (null, new(AppsJson.PathOf(e), "cannot be read: it is of another type than this field"));
        }
    }

    /// <summary>Removes the fields that are null, as a server does before it looks at the rest; in podTemplate a null has a meaning.</summary>
    /// <returns>False when a list has a null in it, which no type can say.</returns>
    private static bool DropNulls(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var name in fields.Where(f => f.Value is null).Select(f => f.Key).ToArray())
                    fields.Remove(name);
                return fields.Where(f => f.Key != "podTemplate").All(f => DropNulls(f.Value));
            case JsonArray items:
                return items.All(i => i is not null && DropNulls(i));
            default:
                return node is not null;
        }
    }

    private static string? Text(JsonObject fields, string name) =>
        fields[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
