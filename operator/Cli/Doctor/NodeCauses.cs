using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Nodes on which pods cannot run.</summary>
internal static class NodeCauses
{
    private static readonly string[] Pressures = ["MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>A node, where it explains why the service's pods are not ready; or a pod that its node has thrown out.</summary>
    internal static Finding? Of(Facts facts, Finding general)
    {
        var pods = facts.PodsOf(general.Subject).Where(p => !PodState.Of(p).IsReady).ToList();
        if (pods.FirstOrDefault(p => p.Json.Text("status", "reason") == "Evicted") is { } evicted && pods.All(p => p.Json.Text("status", "phase") is "Failed" or "Pending"))
        {
            return general with
            {
                Reason = Causes.NodePressure, Cause = $"its pods are evicted: {evicted.Json.Text("status", "message")?.Trim()}",
                Next = $"give it {Facts.PathOf(general.Subject)}.resources.requests that fit what it uses, or free the node: kubectl describe node {evicted.Json.Text("spec", "nodeName")}",
            };
        }

        foreach (var pod in pods)
        {
            if (pod.Json.Text("spec", "nodeName") is { } name && facts.Nodes?.FirstOrDefault(n => n.Metadata.Name == name) is { } node && Trouble(node) is { } trouble)
                return general with { Reason = Causes.NodePressure, Cause = $"its pod is on node {name}, which {trouble}", Next = $"see why: kubectl describe node {name}" };
        }

        return null;
    }

    /// <summary>What a node says about itself that keeps pods away, or null.</summary>
    internal static string? Trouble(KubeObject node)
    {
        if (node.Json.Condition("Ready").Text("status") is { } ready && ready != "True")
            return "is not ready";
        return Array.Find(Pressures, p => node.Json.Condition(p).Text("status") == "True") is { } pressure ? $"has {pressure}" : null;
    }
}
