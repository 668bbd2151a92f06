namespace Fleet.Cli;

/// <summary>Why apps cannot even be read.</summary>
internal static class ClusterCauses
{
    /// <summary>The server does not know MicroserviceApps.</summary>
    /// <param name="program">How this program is called.</param>
    /// <param name="knowsRules">Whether the server knows the CRD's rules (Kubernetes 1.25 and later).</param>
    internal static Finding NoCrd(string program, bool knowsRules) => new(
        Causes.CrdNotInstalled, "cluster", "the API server does not know MicroserviceApps", $"{program} crds | kubectl apply{(knowsRules ? "" : " --validate=false")} -f -");

    /// <summary>The server refuses to list them.</summary>
    /// <param name="message">What it said.</param>
    /// <param name="ns">The namespace that is asked about.</param>
    internal static Finding NotPermitted(string message, string ns) => new(
        Causes.NotPermitted, "credentials", message,
        AdmissionCauses.Grant(message, "fleet-view", ns) is { } grant ? $"ask somebody who may to grant it: {grant}" : $"log in as somebody who may: kubectl -n {ns} auth can-i list msa");
}
