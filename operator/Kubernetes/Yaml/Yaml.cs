using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>
/// YAML in and out, as JSON nodes. Scalars mean what they mean to kubectl, so that one file says the same to both: the core schema of YAML 1.2,
/// and beside it <c>yes</c>, <c>on</c>, <c>y</c> and their opposites as booleans, <c>0644</c> as octal, <c>1_000</c> and <c>0b11</c> as numbers. What is
/// written is quoted so that either reading gives the same value back.
/// </summary>
public static class Yaml
{
    /// <summary>Reads every document of the text, which may be JSON as well; empty documents are left out.</summary>
    /// <exception cref="YamlFormatException">
    /// The text is not YAML, or has what JSON has not: duplicate or null keys, NaN, tags of its own. Also when aliases expand, or values nest, beyond bounds.
    /// </exception>
    public static IReadOnlyList<JsonNode> Parse(string text)
    {
        text = text.TrimStart('\uFEFF');
        return TryJson(text) is { } json ? [json] : new YamlReader(text).Read();
    }

    /// <summary>Reads a text of one document.</summary>
    /// <exception cref="YamlFormatException">The text cannot be read, or holds no document or more than one.</exception>
    public static JsonNode ParseOne(string text) =>
        Parse(text) is [var only] ? only : throw new YamlFormatException(1, 1, "one document is expected, no more and no less");

    /// <summary>Writes one document in block style, keys in their order, ending with a line feed.</summary>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        YamlWriter.WriteDocument(text, node);
        return text.ToString();
    }

    /// <summary>Writes several documents, parted by <c>---</c>.</summary>
    public static string WriteAll(IEnumerable<JsonNode?> documents) => string.Join("---\n", documents.Select(Write));

    /// <summary>JSON allows tabs between tokens and YAML does not, so JSON is read as such; whatever is wrong with it, YAML tells better.</summary>
    private static JsonNode? TryJson(string text)
    {
        if (text.AsSpan().TrimStart() is not ['{', ..])
            return null;
        try
        {
            var json = JsonNode.Parse(text, null, new JsonDocumentOptions { MaxDepth = KubeJson.MaxDepth, AllowDuplicateProperties = false });
            Touch(json);
            return json;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Texts are decoded when they are asked for. Half of a surrogate pair, which JSON's escapes can say and no text can hold, is to be noticed here.
    private static void Touch(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (_, value) in fields)
                    Touch(value);
                break;
            case JsonArray items:
                foreach (var item in items)
                    Touch(item);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
        }
    }
}
