using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>What holds for objects of a built-in kind beyond their shape.</summary>
internal static class KindChecks
{
    private delegate IEnumerable<Violation> Rule(JsonObject obj, JsonObject? old);

    private static readonly string[] WorkloadCounts = ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"];
    private static readonly string[] BudgetBounds = ["minAvailable", "maxUnavailable"];

    private static readonly Dictionary<string, Rule> Rules = new(StringComparer.Ordinal)
    {
        ["pods"] = (obj, old) => PodChecks.OfPod(obj, old),
        ["services"] = ServiceChecks.Of,
        ["configmaps"] = ConfigMap,
        ["secrets"] = Secret,
        ["persistentvolumeclaims"] = (obj, _) => Claim(obj),
        ["deployments.apps"] = Workload,
        ["replicasets.apps"] = Workload,
        ["horizontalpodautoscalers.autoscaling"] = (obj, _) => Autoscaler(obj),
        ["poddisruptionbudgets.policy"] = (obj, _) => Budget(obj),
        ["networkpolicies.networking.k8s.io"] = (obj, _) => NetworkPolicyChecks.Of(obj),
        ["endpointslices.discovery.k8s.io"] = Slice,
        ["leases.coordination.k8s.io"] = (obj, _) => Lease(obj),
        ["roles.rbac.authorization.k8s.io"] = (obj, _) => Role(obj, namespaced: true),
        ["clusterroles.rbac.authorization.k8s.io"] = (obj, _) => Role(obj, namespaced: false),
        ["rolebindings.rbac.authorization.k8s.io"] = (obj, old) => Binding(obj, old, "Role", "ClusterRole"),
        ["clusterrolebindings.rbac.authorization.k8s.io"] = (obj, old) => Binding(obj, old, "ClusterRole"),
        ["customresourcedefinitions.apiextensions.k8s.io"] = DefinitionChecks.Of,
    };

    internal static IEnumerable<Violation> Of(ServedKind kind, JsonObject obj, JsonObject? old) =>
        Rules.TryGetValue(kind.Resource.ToString(), out var rule) ? rule(obj, old) : [];

    /// <summary>What a number must not be less than.</summary>
    internal static IEnumerable<Violation> AtLeast(JsonObject fields, string field, string path, long least = 0) =>
        fields.Whole(field) is { } number && number < least
            ? [Violation.Invalid($"{path}.{field}", number, least == 1 ? "must be greater than 0" : $"must be greater than or equal to {least}")]
            : [];

    /// <summary>What is wrong with a label selector.</summary>
    internal static IEnumerable<Violation> Selector(JsonObject? selector, string path)
    {
        foreach (var violation in MetadataChecks.Labels(selector?["matchLabels"] as JsonObject, $"{path}.matchLabels"))
            yield return violation;
        foreach (var (requirement, i) in (selector?.List("matchExpressions") ?? []).Select((r, i) => (r, i)))
        {
            var at = $"{path}.matchExpressions[{i}]";
            var values = requirement.Texts("values").Count();
            if (requirement.Text("operator") is not ("In" or "NotIn" or "Exists" or "DoesNotExist"))
                yield return Violation.Invalid($"{at}.operator", requirement.Text("operator") ?? "", "not a valid selector operator");
            else if (requirement.Text("operator") is "In" or "NotIn" && values == 0)
                yield return Violation.Required($"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'");
            else if (requirement.Text("operator") is "Exists" or "DoesNotExist" && values > 0)
                yield return Violation.Forbidden($"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            foreach (var problem in Formats.QualifiedName(requirement.Text("key") ?? ""))
                yield return Violation.Invalid($"{at}.key", requirement.Text("key") ?? "", problem);
        }
    }

    /// <summary>Whether labels fulfil a selector; an empty one selects everything.</summary>
    internal static bool Matches(JsonObject selector, JsonObject? labels) =>
        (selector["matchLabels"] as JsonObject ?? []).All(l => labels?.Text(l.Key) == l.Value?.Text())
        && selector.List("matchExpressions").All(r => (r.Text("operator"), labels?.Text(r.Text("key") ?? "")) switch
        {
            ("In", { } value) => r.Texts("values").Contains(value, StringComparer.Ordinal),
            ("NotIn", { } value) => !r.Texts("values").Contains(value, StringComparer.Ordinal),
            ("Exists", var value) => value is not null,
            ("DoesNotExist" or "NotIn", var value) => value is null,
            _ => false,
        });

    private static IEnumerable<Violation> Workload(JsonObject obj, JsonObject? old)
    {
        var spec = obj.Object("spec") ?? [];
        foreach (var violation in WorkloadCounts.SelectMany(f => AtLeast(spec, f, "spec")))
            yield return violation;
        var selector = spec["selector"] as JsonObject;
        foreach (var violation in Selector(selector, "spec.selector"))
            yield return violation;
        if (selector is { Count: 0 })
            yield return Violation.Invalid("spec.selector", selector, "empty selector is invalid for deployment");
        var labels = spec.Object("template", "metadata", "labels");
        if (selector is null || !Matches(selector, labels))
            yield return Violation.Invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
        foreach (var violation in MetadataChecks.Labels(labels, "spec.template.labels"))
            yield return violation;
        foreach (var violation in PodChecks.OfTemplate(spec))
            yield return violation;
        if (spec.Object("strategy") is { } strategy && strategy.Text("type") == "Recreate" && strategy["rollingUpdate"] is not null)
            yield return Violation.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        if (spec.Whole("progressDeadlineSeconds") <= (spec.Whole("minReadySeconds") ?? 0))
            yield return Violation.Invalid("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], "must be greater than minReadySeconds");
        if (old?["spec"]?["selector"] is { } before && !JsonNode.DeepEquals(before, selector))
            yield return Violation.Immutable("spec.selector", selector);
    }

    private static IEnumerable<Violation> ConfigMap(JsonObject obj, JsonObject? old)
    {
        foreach (var (key, _) in (obj["data"] as JsonObject ?? []).Where(d => (obj["binaryData"] as JsonObject)?.ContainsKey(d.Key) == true))
            yield return Violation.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
        foreach (var violation in DataKeys(obj, "data").Concat(DataKeys(obj, "binaryData")).Concat(Frozen(obj, old, "data", "binaryData")))
            yield return violation;
    }

    private static IEnumerable<Violation> Secret(JsonObject obj, JsonObject? old)
    {
        foreach (var violation in DataKeys(obj, "data").Concat(Frozen(obj, old, "data")))
            yield return violation;
        string[] needed = obj.Text("type") switch
        {
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            _ => [],
        };
        foreach (var key in needed.Where(k => (obj["data"] as JsonObject)?.ContainsKey(k) != true))
            yield return Violation.Required($"data[{key}]");
        if (old is not null && old.Text("type") != obj.Text("type"))
            yield return Violation.Immutable("type", obj["type"]);
    }

    private static IEnumerable<Violation> DataKeys(JsonObject obj, string field) =>
        (obj[field] as JsonObject ?? []).SelectMany(d => Formats.DataKey(d.Key).Select(p => Violation.Invalid($"{field}[{d.Key}]", d.Key, p)));

    private static IEnumerable<Violation> Frozen(JsonObject obj, JsonObject? old, params string[] fields)
    {
        if (old?.Is("immutable") != true)
            return [];
        string[] changed = [.. fields.Where(f => !JsonNode.DeepEquals(old[f], obj[f])), .. obj.Is("immutable") ? Array.Empty<string>() : ["immutable"]];
        return changed.Select(f => Violation.Forbidden(f, "field is immutable when `immutable` is set"));
    }

    private static IEnumerable<Violation> Claim(JsonObject obj)
    {
        var spec = obj.Object("spec") ?? [];
        if (!spec.Texts("accessModes").Any())
            yield return Violation.Required("spec.accessModes", "at least 1 access mode is required");
        if (spec.Object("resources", "requests")?["storage"] is null)
            yield return Violation.Required("spec.resources[storage]");
    }

    private static IEnumerable<Violation> Autoscaler(JsonObject obj)
    {
        var spec = obj.Object("spec") ?? [];
        if (spec.Whole("minReplicas") < 1)
            yield return Violation.Invalid("spec.minReplicas", spec["minReplicas"], "must be greater than or equal to 1");
        if ((spec.Whole("maxReplicas") ?? 0) == 0)
            yield return Violation.Required("spec.maxReplicas", "must be set and greater than 0");
        else if (spec.Whole("maxReplicas") < spec.Whole("minReplicas"))
            yield return Violation.Invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than or equal to `minReplicas`");
        foreach (var (metric, i) in spec.List("metrics").Select((m, i) => (m, i)))
        {
            var type = metric.Text("type") ?? "";
            if (type is not ("ContainerResource" or "External" or "Object" or "Pods" or "Resource"))
                yield return Violation.NotSupported($"spec.metrics[{i}].type", type, ["ContainerResource", "External", "Object", "Pods", "Resource"]);
            else if (metric[$"{char.ToLowerInvariant(type[0])}{type[1..]}"] is null)
                yield return Violation.Required($"spec.metrics[{i}].{char.ToLowerInvariant(type[0])}{type[1..]}", "must populate information for the given metric source");
            else if (type == "Resource" && metric.Object("resource", "target") is { } target && target["averageUtilization"] is null && target["averageValue"] is null)
                yield return Violation.Required($"spec.metrics[{i}].resource.target.averageUtilization", "must set either a target raw value or a target utilization");
        }
    }

    private static IEnumerable<Violation> Budget(JsonObject obj)
    {
        var spec = obj.Object("spec") ?? [];
        if (spec["minAvailable"] is not null && spec["maxUnavailable"] is not null)
            yield return Violation.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        foreach (var violation in BudgetBounds.SelectMany(f => PodChecks.CountOrPercent(spec[f], $"spec.{f}")))
            yield return violation;
        foreach (var violation in Selector(spec["selector"] as JsonObject, "spec.selector"))
            yield return violation;
    }

    private static IEnumerable<Violation> Slice(JsonObject obj, JsonObject? old)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, i) in obj.List("ports").Select((p, i) => (p, i)))
        {
            if (!names.Add(port.Text("name") ?? ""))
                yield return Violation.Duplicate($"ports[{i}].name", port.Text("name") ?? "");
        }

        foreach (var (endpoint, i) in obj.List("endpoints").Select((e, i) => (e, i)))
        {
            var addresses = endpoint.Texts("addresses").ToArray();
            if (addresses.Length == 0)
                yield return Violation.Required($"endpoints[{i}].addresses", "must contain at least 1 address");
            foreach (var (address, j) in addresses.Select((a, j) => (a, j)).Where(a => obj.Text("addressType") is "IPv4" or "IPv6" && !Formats.IsAddress(a.a)))
                yield return Violation.Invalid($"endpoints[{i}].addresses[{j}]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }

        if (old is not null && old.Text("addressType") != obj.Text("addressType"))
            yield return Violation.Immutable("addressType", obj["addressType"]);
    }

    private static IEnumerable<Violation> Lease(JsonObject obj)
    {
        var spec = obj.Object("spec") ?? [];
        return AtLeast(spec, "leaseDurationSeconds", "spec", least: 1).Concat(AtLeast(spec, "leaseTransitions", "spec"));
    }

    private static IEnumerable<Violation> Role(JsonObject obj, bool namespaced)
    {
        foreach (var (rule, i) in obj.List("rules").Select((r, i) => (r, i)))
        {
            if (!rule.Texts("verbs").Any())
                yield return Violation.Required($"rules[{i}].verbs", "verbs must contain at least one value");
            if (rule.Texts("nonResourceURLs").Any())
            {
                if (namespaced)
                    yield return Violation.Invalid($"rules[{i}].nonResourceURLs", rule["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
                continue;
            }

            if (!rule.Texts("apiGroups").Any())
                yield return Violation.Required($"rules[{i}].apiGroups", "resource rules must supply at least one api group");
            if (!rule.Texts("resources").Any())
                yield return Violation.Required($"rules[{i}].resources", "resource rules must supply at least one resource");
        }
    }

    private static IEnumerable<Violation> Binding(JsonObject obj, JsonObject? old, params string[] roles)
    {
        if (obj.Object("roleRef")?.Text("kind") is { } role && !roles.Contains(role))
            yield return Violation.NotSupported("roleRef.kind", role, roles);
        foreach (var (subject, i) in obj.List("subjects").Select((s, i) => (s, i)))
        {
            if (subject.Text("kind") is { } kind and not ("ServiceAccount" or "User" or "Group"))
                yield return Violation.NotSupported($"subjects[{i}].kind", kind, ["ServiceAccount", "User", "Group"]);
        }

        if (old?["roleRef"] is { } before && !JsonNode.DeepEquals(before, obj["roleRef"]))
            yield return Violation.Invalid("roleRef", obj["roleRef"], "cannot change roleRef");
    }
}
