using System.Globalization;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>
/// Defaults that depend on other fields of the same object, wherever an object of the type stands. Those that always hold are written in <c>Kinds/*.shapes</c>.
/// </summary>
internal static class TypeDefaults
{
    private const string Core = "io.k8s.api.core.v1.";
    private const string Scaling = "io.k8s.api.autoscaling.v2.";

    private static readonly Dictionary<string, Action<JsonObject>> Rules = new(StringComparer.Ordinal)
    {
        [$"{Core}Container"] = c => PullPolicy(c, "image", "imagePullPolicy"),
        [$"{Core}EphemeralContainer"] = c => PullPolicy(c, "image", "imagePullPolicy"),
        [$"{Core}ImageVolumeSource"] = v => PullPolicy(v, "reference", "pullPolicy"),
        [$"{Core}Volume"] = Volume,
        [$"{Core}PodSpec"] = PodSpec,
        [$"{Core}ServiceSpec"] = Service,
        [$"{Core}Secret"] = Secret,
        ["io.k8s.api.apps.v1.DeploymentStrategy"] = Strategy,
        [$"{Scaling}HorizontalPodAutoscalerSpec"] = Metrics,
        [$"{Scaling}HorizontalPodAutoscalerBehavior"] = Behavior,
        ["io.k8s.api.networking.v1.NetworkPolicySpec"] = PolicyTypes,
        ["io.k8s.api.rbac.v1.Subject"] = Subject,
        ["io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec"] = DefinitionNames,
    };

    /// <summary>Fills what is missing; changes the object.</summary>
    internal static void Fill(string? type, JsonObject obj)
    {
        if (type is not null && Rules.TryGetValue(type, out var rule))
            rule(obj);
    }

    private static void PullPolicy(JsonObject obj, string image, string policy)
    {
        if (obj.Text(image) is not { Length: > 0 } reference || obj[policy] is not null)
            return;
        var name = reference[(reference.LastIndexOf('/') + 1)..];
        var isFixed = name.Contains('@', StringComparison.Ordinal) || (name.Contains(':', StringComparison.Ordinal) && !name.EndsWith(":latest", StringComparison.Ordinal));
        obj[policy] = isFixed ? "IfNotPresent" : "Always";
    }

    private static void Volume(JsonObject volume)
    {
        if (volume.All(f => f.Key == "name"))
            volume["emptyDir"] = new JsonObject();
    }

    // serviceAccount is the old name of serviceAccountName; a server keeps both equal.
    private static void PodSpec(JsonObject spec)
    {
        var account = spec.Text("serviceAccountName") ?? spec.Text("serviceAccount");
        spec.Default("serviceAccountName", account);
        spec.Default("serviceAccount", account);
    }

    private static void Service(JsonObject spec)
    {
        var type = spec.Text("type");
        foreach (var port in spec.List("ports"))
        {
            if (port["targetPort"] is null || port["targetPort"]!.ToJsonString() is "0" or "\"\"")
                port["targetPort"] = port["port"]?.DeepClone();
        }

        if (spec.Text("sessionAffinity") == "ClientIP")
            spec.Default("sessionAffinityConfig", new JsonObject { ["clientIP"] = new JsonObject { ["timeoutSeconds"] = 10800 } });
        if (type == "ExternalName")
            return;
        spec.Default("internalTrafficPolicy", "Cluster");
        spec.Default("ipFamilyPolicy", "SingleStack");
        spec.Default("ipFamilies", new JsonArray("IPv4"));
        if (spec.Text("clusterIP") is { Length: > 0 } address)
            spec.Default("clusterIPs", new JsonArray(address));
        if (type is "NodePort" or "LoadBalancer")
            spec.Default("externalTrafficPolicy", "Cluster");
        if (type == "LoadBalancer")
            spec.Default("allocateLoadBalancerNodePorts", true);
    }

    private static void Secret(JsonObject secret)
    {
        if (secret["stringData"] is not JsonObject texts)
            return;
        var data = secret["data"] as JsonObject ?? [];
        foreach (var (key, text) in texts)
            data[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text?.Text() ?? ""));
        secret.Remove("stringData");
        if (data.Count > 0)
            secret["data"] = data;
    }

    private static void Strategy(JsonObject strategy)
    {
        if (strategy.Text("type") == "RollingUpdate")
            strategy.Default("rollingUpdate", new JsonObject { ["maxUnavailable"] = "25%", ["maxSurge"] = "25%" });
    }

    private static void Metrics(JsonObject spec) => spec.Default("metrics", new JsonArray(new JsonObject
    {
        ["type"] = "Resource",
        ["resource"] = new JsonObject { ["name"] = "cpu", ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = 80 } },
    }));

    private static void Behavior(JsonObject behavior)
    {
        behavior["scaleUp"] = ScalingRules(behavior["scaleUp"], 0, Policy("Pods", 4), Policy("Percent", 100));
        behavior["scaleDown"] = ScalingRules(behavior["scaleDown"], null, Policy("Percent", 100));
    }

    private static JsonObject ScalingRules(JsonNode? given, int? window, params JsonNode[] policies)
    {
        var rules = given?.DeepClone() as JsonObject ?? [];
        if (window is not null)
            rules.Default("stabilizationWindowSeconds", window);
        rules.Default("selectPolicy", "Max");
        rules.Default("policies", new JsonArray(policies));
        return rules;
    }

    private static JsonObject Policy(string type, int value) => new() { ["type"] = type, ["value"] = value, ["periodSeconds"] = 15 };

    private static void PolicyTypes(JsonObject spec) =>
        spec.Default("policyTypes", spec["egress"] is null ? new JsonArray("Ingress") : new JsonArray("Ingress", "Egress"));

    private static void Subject(JsonObject subject)
    {
        if (subject.Text("kind") is "User" or "Group")
            subject.Default("apiGroup", "rbac.authorization.k8s.io");
    }

    private static void DefinitionNames(JsonObject spec)
    {
        if (spec["names"] is not JsonObject names || names.Text("kind") is not { Length: > 0 } kind)
            return;
        names.Default("singular", kind.ToLower(CultureInfo.InvariantCulture));
        names.Default("listKind", $"{kind}List");
    }
}
