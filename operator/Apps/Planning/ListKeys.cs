namespace Fleet.Apps;

/// <summary>
/// By which fields the entries of Kubernetes' lists are told apart. Two tables, because Kubernetes has two: the merge key of a strategic merge patch
/// (<c>x-kubernetes-patch-merge-key</c>), and the map keys that server-side apply goes by (<c>x-kubernetes-list-map-keys</c>).
/// Lists that are in neither are atomic.
/// </summary>
internal static class ListKeys
{
    private static readonly Dictionary<string, string[]> ApplyKeys = new(StringComparer.Ordinal)
    {
        ["containers"] = ["name"],
        ["initContainers"] = ["name"],
        ["env"] = ["name"],
        ["volumes"] = ["name"],
        ["volumeMounts"] = ["mountPath"],
        ["volumeDevices"] = ["devicePath"],
        ["imagePullSecrets"] = ["name"],
        ["hostAliases"] = ["ip"],
        ["topologySpreadConstraints"] = ["topologyKey", "whenUnsatisfiable"],
        ["ownerReferences"] = ["uid"],
        ["resourceClaims"] = ["name"],
    };

    // A container's port and a Service's port have different fields under the same name of list.
    private static readonly string[] ContainerPorts = ["containerPort", "protocol"];
    private static readonly string[] ServicePorts = ["port", "protocol"];

    private static readonly Dictionary<string, string> MergeKeys = new(StringComparer.Ordinal)
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["ephemeralContainers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["volumeDevices"] = "devicePath",
        ["ports"] = "containerPort",
        ["imagePullSecrets"] = "name",
        ["hostAliases"] = "ip",
        ["topologySpreadConstraints"] = "topologyKey",
        ["resourceClaims"] = "name",
    };

    /// <summary>The merge key of a list in a pod, or null when a patch replaces it as a whole.</summary>
    internal static string? MergeKey(string list) => MergeKeys.GetValueOrDefault(list);

    /// <summary>The fields that tell entries apart for server-side apply, or null when the list is atomic.</summary>
    /// <param name="list">The list's name.</param>
    /// <param name="inPod">Whether it stands in a pod template.</param>
    internal static string[]? MapKeys(string list, bool inPod) =>
        list == "ports" ? inPod ? ContainerPorts : ServicePorts : ApplyKeys.GetValueOrDefault(list);

    /// <summary>Whether entries that we did not set are drift: somebody else's port or container changes what the app is.</summary>
    internal static bool IsOursWhole(string list) => list is "ports" or "containers";
}
