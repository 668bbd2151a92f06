using System.Text.Json;

namespace Fleet.Cli;

/// <summary>What the API server fills in where nothing is said, for Services and Deployments (Kubernetes API reference, core/v1 and apps/v1).</summary>
internal static class ServerDefaults
{
    /// <summary>Filled in with a value that depends on the cluster or on other fields.</summary>
    private const string Whatever = "*";

    private static readonly Dictionary<string, string> Values = new(StringComparer.Ordinal)
    {
        ["clusterIP"] = Whatever,
        ["clusterIPs"] = Whatever,
        ["ipFamilies"] = Whatever,
        ["ipFamilyPolicy"] = Whatever,
        ["nodePort"] = Whatever,
        ["targetPort"] = Whatever,
        ["imagePullPolicy"] = Whatever,
        ["serviceAccount"] = Whatever, // the old name of serviceAccountName, kept equal to it
        ["internalTrafficPolicy"] = "Cluster",
        ["externalTrafficPolicy"] = "Cluster",
        ["sessionAffinity"] = "None",
        ["allocateLoadBalancerNodePorts"] = "true",
        ["protocol"] = "TCP",
        ["replicas"] = "1",
        ["progressDeadlineSeconds"] = "600",
        ["revisionHistoryLimit"] = "10",
        ["type"] = "RollingUpdate",
        ["maxSurge"] = "25%",
        ["maxUnavailable"] = "25%",
        ["dnsPolicy"] = "ClusterFirst",
        ["restartPolicy"] = "Always",
        ["schedulerName"] = "default-scheduler",
        ["terminationGracePeriodSeconds"] = "30",
        ["terminationMessagePath"] = "/dev/termination-log",
        ["terminationMessagePolicy"] = "File",
        ["failureThreshold"] = "3",
        ["periodSeconds"] = "10",
        ["successThreshold"] = "1",
        ["timeoutSeconds"] = "1",
        ["scheme"] = "HTTP",
        ["path"] = "/",
        ["service"] = "",
        ["apiVersion"] = "v1",
        ["defaultMode"] = "420",
    };

    /// <summary>Whether all of a value is what the server fills in.</summary>
    /// <param name="field">The field's name; null for the entry of a list.</param>
    /// <param name="value">Its value.</param>
    internal static bool Are(string? field, JsonElement value) => value.ValueKind switch
    {
        _ when field is not null && Values.TryGetValue(field, out var usual) && (usual == Whatever || usual == Text(value)) => true,
        // An empty object is what the server leaves of one that was never said; a list that was said has entries.
        JsonValueKind.Object => field is not null && value.EnumerateObject().All(f => Are(f.Name, f.Value)),
        _ => false,
    };

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
