using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>Defaults that only objects of a kind have, not the same type inside others: those of a Pod, which the pod template of a Deployment lacks.</summary>
internal static class ObjectDefaults
{
    /// <summary>Fills what is missing; changes the object.</summary>
    internal static void Fill(Resource resource, JsonObject obj)
    {
        if (resource == Resources.Pods)
            Pod(obj);
        else if (resource == Resources.Namespaces)
            Namespace(obj);
    }

    /// <summary>An object with what the server once gave out and the sender left out: the addresses and node ports of a Service.</summary>
    internal static JsonObject Kept(Resource resource, JsonObject obj, JsonObject old)
    {
        if (resource != Resources.Services || old.Object("spec") is not { } before || obj.Object("spec")?.Text("type") == "ExternalName")
            return obj;
        var kept = obj.DeepClone().AsObject();
        var spec = kept.Object("spec") ?? [];
        kept["spec"] = spec;
        if (spec.Text("clusterIP") is not { Length: > 0 })
        {
            spec["clusterIP"] = before["clusterIP"]?.DeepClone();
            spec["clusterIPs"] = before["clusterIPs"]?.DeepClone();
        }

        foreach (var port in spec.Text("type") is "NodePort" or "LoadBalancer" ? spec.List("ports") : [])
            port.Default("nodePort", before.List("ports").FirstOrDefault(p => p.Whole("port") == port.Whole("port"))?["nodePort"]?.DeepClone());
        return kept;
    }

    private static void Pod(JsonObject pod)
    {
        if (pod["spec"] is not JsonObject spec)
            return;
        spec.Default("enableServiceLinks", true);
        spec.Default("serviceAccountName", "default");
        spec.Default("serviceAccount", spec.Text("serviceAccountName"));
        foreach (var container in spec.List("containers").Concat(spec.List("initContainers")))
        {
            RequestsFromLimits(container);
            if (spec["hostNetwork"] is not null)
                container.List("ports").ToList().ForEach(p => p.Default("hostPort", p["containerPort"]?.DeepClone()));
        }

        if (pod["status"] is JsonObject status)
            status.Default("qosClass", QualityOfService.Of(spec));
    }

    private static void RequestsFromLimits(JsonObject container)
    {
        if (container["resources"]?["limits"] is not JsonObject limits)
            return;
        var requests = container["resources"]!["requests"] as JsonObject;
        if (requests is null)
            container["resources"]!["requests"] = requests = [];
        foreach (var (name, amount) in limits)
            requests.Default(name, amount?.DeepClone());
    }

    private static void Namespace(JsonObject ns)
    {
        if (ns["metadata"] is not JsonObject metadata || metadata.Text("name") is not { Length: > 0 } name)
            return;
        if (metadata["labels"] is not JsonObject labels)
            metadata["labels"] = labels = [];
        labels["kubernetes.io/metadata.name"] = name;
        if (metadata["deletionTimestamp"] is null && ns["spec"] is JsonObject spec)
            spec.Default("finalizers", new JsonArray("kubernetes"));
    }
}
