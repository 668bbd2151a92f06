using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.ApiServer;

/// <summary>The kubeconfig of the embedded server: kubectl, helm and whoever reads KUBECONFIG work with it.</summary>
internal static class KubeconfigFile
{
    private const string Name = "fleet-local";

    /// <summary>Its text.</summary>
    internal static string Render(Uri server, X509Certificate2 authority, string token) => Yaml.Write(new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Config",
        ["current-context"] = Name,
        ["clusters"] = new JsonArray(Named("cluster", new()
        {
            ["server"] = server.ToString().TrimEnd('/'),
            ["certificate-authority-data"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(authority.ExportCertificatePem())),
        })),
        ["users"] = new JsonArray(Named("user", new() { ["token"] = token })),
        ["contexts"] = new JsonArray(Named("context", new() { ["cluster"] = Name, ["user"] = Name, ["namespace"] = "default" })),
    });

    private static JsonObject Named(string field, JsonObject value) => new() { ["name"] = Name, [field] = value };
}
