using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Objects as JSON, for programs.</summary>
internal static class Documents
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = KubeJson.Encoder, NewLine = "\n" };

    /// <summary>Indented JSON that ends with a line feed.</summary>
    internal static string Json(JsonNode node)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Readable))
            node.WriteTo(writer);
        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }

    /// <summary>Several objects as one, as kubectl has them.</summary>
    internal static JsonObject List(IEnumerable<JsonNode> items) => new() { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray([.. items]) };
}
