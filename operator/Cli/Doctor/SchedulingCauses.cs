using System.Text.Json;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Why no node takes a pod: the resource, selector, taint or volume that the scheduler names.</summary>
internal static class SchedulingCauses
{
    private const string OfKubernetes = "node.kubernetes.io/";

    internal static Finding Of(Facts facts, Finding general)
    {
        var pod = facts.PodsOf(general.Subject).FirstOrDefault(p => p.Json.Condition("PodScheduled").Text("status") == "False");
        // The scheduler's own words, with the numbers of nodes that the status leaves out.
        var words = pod?.Json.Condition("PodScheduled").Text("message") ?? general.Cause;
        var path = Facts.PathOf(general.Subject);
        if (facts.Nodes is { IsEmpty: true })
            return general with { Cause = "the cluster has no node", Next = "add a node" };
        if (Words.Insufficient().Match(words) is { Success: true } insufficient)
            return Insufficient(facts, general, pod, insufficient.Groups["resource"].Value);
        if (words.Contains("selector", StringComparison.Ordinal) || words.Contains("node affinity", StringComparison.Ordinal))
        {
            var selector = pod is null ? "" : string.Join(' ', Entries(pod.Json.At("spec", "nodeSelector")));
            return selector.Length == 0
                ? general with { Cause = "no node matches its node affinity", Next = $"correct {path}.podTemplate.spec.affinity; the nodes' labels: kubectl get nodes --show-labels" }
                : general with { Cause = $"no node matches its node selector {selector}", Next = $"correct {path}.podTemplate.spec.nodeSelector, or label a node that fits: kubectl label node NODE {selector}" };
        }

        if (words.Contains("PersistentVolumeClaim", StringComparison.OrdinalIgnoreCase))
            return general with { Cause = "a claim of its volumes is not bound, or does not exist", Next = $"see why: {facts.Kubectl} describe pvc" };
        if (Words.Taint().Match(words) is { Success: true } taint)
            return Tainted(facts, general, taint.Groups["key"].Value, taint.Groups["value"].Value);
        if (words.Contains("unschedulable", StringComparison.Ordinal))
            return general with { Reason = Causes.NodePressure, Cause = "the nodes that would fit are cordoned", Next = $"kubectl uncordon {Cordoned(facts)}" };
        if (words.Contains("Too many pods", StringComparison.Ordinal))
            return general with { Cause = "every node has as many pods as it may", Next = "add a node" };
        return words.Contains("topology spread", StringComparison.Ordinal) || words.Contains("anti-affinity", StringComparison.Ordinal)
            ? general with { Cause = "its pods have to spread over more nodes than there are", Next = $"add nodes, or lower {path}.replicas" }
            : general;
    }

    private static Finding Insufficient(Facts facts, Finding general, KubeObject? pod, string resource)
    {
        var request = pod?.Json.Each("spec", "containers").Select(c => c.Text("resources", "requests", resource)).FirstOrDefault(r => r is not null);
        var most = facts.Nodes?.Select(n => n.Json.Text("status", "allocatable", resource)).OfType<string>()
            .Select(text => (Text: text, Value: Quantity.TryParse(text, out var q) ? (decimal?)q.Value : null)).Where(q => q.Value is not null).OrderByDescending(q => q.Value).Select(q => q.Text).FirstOrDefault();
        return general with
        {
            Cause = $"no node has enough {resource} left{(request is null ? "" : $" for the {request} that it asks for")}{(most is null ? "" : $"; the largest node has {most} in all")}",
            Next = $"lower {Facts.PathOf(general.Subject)}.resources.requests.{resource}{(request is null ? "" : $" below {request}")}, or add a node with that much free",
        };
    }

    private static Finding Tainted(Facts facts, Finding general, string key, string value)
    {
        if (!key.StartsWith(OfKubernetes, StringComparison.Ordinal))
        {
            return general with
            {
                Cause = $"the nodes that would fit have the taint {key}{(value.Length > 0 ? $"={value}" : "")}",
                Next = $"tolerate it: {Facts.PathOf(general.Subject)}.podTemplate.spec.tolerations: [{{key: {key}, operator: Exists}}]; or take it away: kubectl taint node NODE {key}-",
            };
        }

        var condition = key[OfKubernetes.Length..];
        return condition == "unschedulable"
            ? general with { Reason = Causes.NodePressure, Cause = "the nodes that would fit are cordoned", Next = $"kubectl uncordon {Cordoned(facts)}" }
            : general with { Reason = Causes.NodePressure, Cause = $"the nodes that would fit are out of service: {condition}", Next = $"see why: kubectl describe node {Troubled(facts)}" };
    }

    private static string Cordoned(Facts facts) =>
        facts.Nodes?.FirstOrDefault(n => n.Json.At("spec", "unschedulable").ValueKind == JsonValueKind.True)?.Metadata.Name ?? "NODE";

    private static string Troubled(Facts facts) => facts.Nodes?.FirstOrDefault(n => NodeCauses.Trouble(n) is not null)?.Metadata.Name ?? "NODE";

    private static IEnumerable<string> Entries(JsonElement map) => map.ValueKind == JsonValueKind.Object ? map.EnumerateObject().Select(p => $"{p.Name}={p.Value}") : [];
}
