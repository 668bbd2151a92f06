using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>A JSON patch (RFC 6902), put together.</summary>
internal sealed class JsonPatch
{
    /// <summary>What it does, in order.</summary>
    public JsonArray Operations { get; } = [];

    /// <summary>Only for this very version of this very object: another is answered 409.</summary>
    public JsonPatch For(KubeObject obj) => Set("/metadata/uid", obj.Metadata.Uid).Set("/metadata/resourceVersion", obj.Metadata.ResourceVersion);

    /// <summary>Sets a field, whether it was there or not.</summary>
    public JsonPatch Set(string path, JsonNode? value)
    {
        Operations.Add((JsonNode)new JsonObject { ["op"] = "add", ["path"] = path, ["value"] = value });
        return this;
    }
}
