using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Controller;

/// <summary>The Secret by which the replicas agree on a certificate: who is first makes it, and a write names the version it is based on.</summary>
internal sealed class AdmissionSecret(ApiClient api, string ns, string name)
{
    /// <summary>The Secret, or null.</summary>
    internal Task<KubeObject?> FindAsync(CancellationToken stop) => api.FindAsync(Kinds.Raw(Resources.Secrets), ns, name, stop);

    /// <summary>Makes it; returns another replica's when that was faster.</summary>
    internal async Task<KubeObject?> CreateAsync(AdmissionKeys keys, CancellationToken stop)
    {
        try
        {
            return await api.CreateAsync(
                KubeObject.From(Resources.Secrets, new()
                {
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = name, ["namespace"] = ns, ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "fleet-operator" },
                    },
                    ["type"] = "kubernetes.io/tls",
                    ["data"] = keys.ToData(),
                }),
                stop);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            return await FindAsync(stop);
        }
    }

    /// <summary>Writes it over the version that was read; returns another replica's when that was faster.</summary>
    internal async Task<KubeObject?> ReplaceAsync(KubeObject read, AdmissionKeys keys, CancellationToken stop)
    {
        try
        {
            return await api.JsonPatchAsync(
                Resources.Secrets, ns, name,
                new JsonArray(
                    new JsonObject { ["op"] = "test", ["path"] = "/metadata/resourceVersion", ["value"] = read.Metadata.ResourceVersion },
                    new JsonObject { ["op"] = "add", ["path"] = "/data", ["value"] = keys.ToData() }),
                stop);
        }
        catch (ApiException e) when (e.IsConflict || e.IsInvalid || e.IsNotFound)
        {
            return await FindAsync(stop);
        }
    }
}
