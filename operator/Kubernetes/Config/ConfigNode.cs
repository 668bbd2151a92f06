using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>A mapping in a kubeconfig that knows where it stands, so that every complaint can say it.</summary>
/// <param name="Json">The mapping.</param>
/// <param name="File">The file.</param>
/// <param name="Path">The fields that lead to it, <c>users[ann].user</c> for instance; empty at the top.</param>
internal sealed record ConfigNode(JsonObject Json, string File, string Path)
{
    /// <summary>The field's text; null when it is absent or empty.</summary>
    public string? Text(string field) => Json[field] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>() is { Length: > 0 } text ? text : null,
        var other => throw Problem(field, $"must be text but is {Name(other)}; put it in quotes"),
    };

    public string Required(string field, string fix) => Text(field) ?? throw Problem(field, $"is missing; {fix}");

    public bool Flag(string field) => Json[field] switch
    {
        null => false,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        var other => throw Problem(field, $"must be true or false but is {Name(other)}"),
    };

    public ConfigNode? Child(string field) => Json[field] switch
    {
        null => null,
        JsonObject child => new(child, File, FieldPath(field)),
        var other => throw Problem(field, $"must be a mapping but is {Name(other)}"),
    };

    public IReadOnlyList<ConfigNode> Children(string field) =>
        [.. List(field).Select((item, i) => item as JsonObject is { } child
            ? new ConfigNode(child, File, $"{FieldPath(field)}[{i}]")
            : throw Problem($"{field}[{i}]", $"must be a mapping but is {Name(item)}"))];

    public IReadOnlyList<string> Texts(string field) =>
        [.. List(field).Select((item, i) => item is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw Problem($"{field}[{i}]", $"must be text but is {Name(item)}; put it in quotes"))];

    /// <summary>A complaint about a field: the file, the field, what is wrong and how to mend it.</summary>
    public ConfigException Problem(string field, string problem, Exception? inner = null)
    {
        var message = $"{File}: {FieldPath(field)} {problem}";
        return inner is null ? new(message) : new(message, inner);
    }

    /// <summary>A path in the file means relative to the file, as kubectl has it.</summary>
    public string Resolve(string path) => System.IO.Path.GetFullPath(path, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(File))!);

    public string FieldPath(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    private JsonArray List(string field) => Json[field] switch
    {
        null => [],
        JsonArray list => list,
        var other => throw Problem(field, $"must be a list but is {Name(other)}"),
    };

    private static string Name(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Object => "a mapping",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };
}
