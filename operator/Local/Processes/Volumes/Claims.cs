using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>Claims of volumes. Each is a folder of the node; that it is bound is said where no volume controller says it.</summary>
internal static class Claims
{
    /// <summary>Marks a claim as bound.</summary>
    public static async Task BindAsync(ApiClient api, KubeObject claim, CancellationToken stop)
    {
        var status = claim.Part("status");
        if (status.ValueKind == JsonValueKind.Object && status.TryGetProperty("phase", out var phase) && phase.GetString() == "Bound")
            return;
        var spec = claim.Part("spec");
        var bound = new JsonObject { ["phase"] = "Bound" };
        if (spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty("accessModes", out var modes))
            bound["accessModes"] = JsonNode.Parse(modes.GetRawText());
        if (spec.ValueKind == JsonValueKind.Object && spec.TryGetProperty("resources", out var resources) && resources.TryGetProperty("requests", out var requests))
            bound["capacity"] = JsonNode.Parse(requests.GetRawText());
        await api.JsonPatchAsync(
            NodeKinds.Claims, claim.Metadata.Namespace, claim.Metadata.Name,
            new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/status", ["value"] = bound }), stop, "status");
    }
}
