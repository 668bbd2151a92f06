using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>What a pod can be told of itself: fieldRef and resourceFieldRef. Rule: kubernetes.io, "Downward API".</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Address">Its address.</param>
/// <param name="Node">The node's name.</param>
/// <param name="NodeAddress">The node's address.</param>
internal sealed record PodFacts(LocalPod Pod, string Address, string Node, string NodeAddress)
{
    /// <summary>The value of a field, or null when there is no such field.</summary>
    public string? Field(string path) => path switch
    {
        "metadata.name" => Pod.Metadata.Name,
        "metadata.namespace" => Pod.Metadata.Namespace,
        "metadata.uid" => Pod.Uid,
        "metadata.labels" => Lines(Pod.Metadata.Labels),
        "metadata.annotations" => Lines(Pod.Metadata.Annotations),
        "spec.nodeName" => Node,
        "spec.serviceAccountName" => Pod.Spec.ServiceAccountName ?? "default",
        "status.podIP" or "status.podIPs" => Address,
        "status.hostIP" or "status.hostIPs" => NodeAddress,
        _ => Entry(path, "metadata.labels", Pod.Metadata.Labels) ?? Entry(path, "metadata.annotations", Pod.Metadata.Annotations),
    };

    /// <summary>The amount of a resource; what is not limited has all of the machine.</summary>
    public string? Amount(ResourceSelector selector, Container? self)
    {
        var container = selector.ContainerName is { Length: > 0 } name
            ? Pod.Spec.Containers.Concat(Pod.Spec.InitContainers).FirstOrDefault(c => c.Name == name) : self;
        if (container is null || selector.Resource.Split('.', 2) is not [var side and ("limits" or "requests"), var resource])
            return null;
        var limits = container.Resources?.Limits?.GetValueOrDefault(resource).ToString();
        var text = side == "limits" || container.Resources?.Requests?.ContainsKey(resource) != true ? limits : container.Resources.Requests[resource].ToString();
        decimal amount = Quantity.TryParse(text, out var set) ? set.Value : resource switch
        {
            "cpu" => Environment.ProcessorCount,
            "memory" => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            _ => 0,
        };
        var divisor = Quantity.TryParse(selector.Divisor?.ToString(), out var given) && given.Value > 0 ? given.Value : 1;
        return Math.Ceiling(amount / divisor).ToString("0");
    }

    private static string? Entry(string path, string field, IReadOnlyDictionary<string, string>? entries) =>
        path.StartsWith(field + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? entries?.GetValueOrDefault(path[(field.Length + 2)..^2]) ?? "" : null;

    private static string Lines(IReadOnlyDictionary<string, string>? entries) => string.Join('\n', (entries ?? new Dictionary<string, string>())
        .OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}=\"{e.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\""));
}
