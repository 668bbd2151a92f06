using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Controllers;

/// <summary>Gives every namespace what its pods count on: the service account that they run as when they name none, and the certificate by which they know the API server.</summary>
internal sealed class NamespaceReconciler(ApiClient api, ControllerCaches caches)
{
    /// <summary>The account's name.</summary>
    public const string Account = "default";

    /// <summary>The ConfigMap's name.</summary>
    public const string Authorities = "kube-root-ca.crt";

    /// <summary>One pass over one namespace.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        if (caches.Namespaces.Find(null, key.Name) is not { } ns || ns.Metadata.DeletionTimestamp is not null)
            return Outcome.Settled;
        if (caches.Accounts.Find(key.Name, Account) is null)
            await CreateAsync(Resources.ServiceAccounts, key.Name, Account, [], stop);
        if (caches.Authorities.Find(key.Name, Authorities) is null)
        {
            var certificates = string.Concat(api.Config.CertificateAuthorities.Select(c => $"{c.ExportCertificatePem()}\n"));
            await CreateAsync(Resources.ConfigMaps, key.Name, Authorities, new() { ["data"] = new JsonObject { ["ca.crt"] = certificates } }, stop);
        }

        return Outcome.Settled;
    }

    private async Task CreateAsync(Resource kind, string ns, string name, JsonObject rest, CancellationToken stop)
    {
        try
        {
            rest["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns };
            await api.CreateAsync(KubeObject.From(kind, rest), stop);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // The watch has not told yet.
        }
    }
}
