using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>The columns that <c>kubectl get</c> shows of the built-in kinds.</summary>
internal static class BuiltInColumns
{
    private static readonly Column Age = new("Age", "string", (obj, now) => Cells.AgeOf(obj["metadata"]?["creationTimestamp"], now), Description: "How long the object exists.");

    private static readonly Column CreatedAt = new("Created At", "date", (obj, _) => obj["metadata"]?["creationTimestamp"]?.DeepClone(), Description: "When the object was created.");

    private static readonly Dictionary<string, ImmutableArray<Column>> ByKind = new(StringComparer.Ordinal)
    {
        ["pods"] =
        [
            Text("Ready", p => PodCells.Of(p).Ready),
            Text("Status", p => PodCells.Of(p).Status),
            new("Restarts", "string", (p, now) => PodCells.Restarts(p, now)),
            Age,
            Wide("IP", p => p.Object("status")?.Text("podIP") ?? Cells.None),
            Wide("Node", p => p.Object("spec")?.Text("nodeName") ?? Cells.None),
            Wide("Nominated Node", p => p.Object("status")?.Text("nominatedNodeName") ?? Cells.None),
            Wide("Readiness Gates", PodCells.Gates),
        ],
        ["deployments.apps"] =
        [
            Text("Ready", d => $"{Number(d, "status", "readyReplicas")}/{Number(d, "spec", "replicas")}"),
            Text("Up-to-date", d => Number(d, "status", "updatedReplicas")),
            Text("Available", d => Number(d, "status", "availableReplicas")),
            Age,
            .. Workload,
        ],
        ["replicasets.apps"] =
        [
            Count("Desired", r => Number(r, "spec", "replicas")),
            Count("Current", r => Number(r, "status", "replicas")),
            Count("Ready", r => Number(r, "status", "readyReplicas")),
            Age,
            .. Workload,
        ],
        ["services"] =
        [
            Text("Type", s => s.Object("spec")?.Text("type")),
            Text("Cluster-IP", s => s.Object("spec")?.Text("clusterIP") is { Length: > 0 } address ? address : Cells.None),
            Text("External-IP", ServiceCells.External),
            Text("Port(s)", ServiceCells.Ports),
            Age,
            Wide("Selector", s => Labels(s.Object("spec", "selector"))),
        ],
        ["endpoints"] = [Text("Endpoints", ServiceCells.Endpoints), Age],
        ["endpointslices.discovery.k8s.io"] =
        [
            Text("AddressType", s => s.Text("addressType")),
            Text("Ports", s => First(s.List("ports").Select(p => p["port"]?.ToJsonString() ?? "*"), "<unset>")),
            Text("Endpoints", s => First(s.List("endpoints").SelectMany(e => e.Texts("addresses")), "<unset>")),
            Age,
        ],
        ["configmaps"] = [Text("Data", c => Entries(c, "data") + Entries(c, "binaryData")), Age],
        ["secrets"] = [Text("Type", s => s.Text("type")), Text("Data", s => Entries(s, "data")), Age],
        ["serviceaccounts"] = [Age],
        ["namespaces"] = [Text("Status", n => n.Object("status")?.Text("phase")), Age],
        ["nodes"] = NodeCells.Columns(Age),
        ["events"] = EventCells.Columns,
        ["events.events.k8s.io"] = EventCells.Columns,
        ["persistentvolumeclaims"] =
        [
            Text("Status", c => c["metadata"]?["deletionTimestamp"] is null ? c.Object("status")?.Text("phase") : "Terminating"),
            Text("Volume", c => c.Object("spec")?.Text("volumeName") ?? ""),
            Text("Capacity", c => c.Object("status", "capacity")?.Text("storage") ?? ""),
            Text("Access Modes", AccessModes),
            Text("StorageClass", c => c.Object("spec")?.Text("storageClassName") ?? ""),
            Text("VolumeAttributesClass", c => c.Object("spec")?.Text("volumeAttributesClassName") ?? "<unset>"),
            Age,
            Wide("VolumeMode", c => c.Object("spec")?.Text("volumeMode")),
        ],
        ["horizontalpodautoscalers.autoscaling"] =
        [
            Text("Reference", h => $"{h.Object("spec", "scaleTargetRef")?.Text("kind")}/{h.Object("spec", "scaleTargetRef")?.Text("name")}"),
            Text("Targets", AutoscalerCells.Targets),
            Text("MinPods", h => h.Object("spec")?["minReplicas"]?.ToJsonString() ?? "<unset>"),
            Text("MaxPods", h => Number(h, "spec", "maxReplicas")),
            Text("Replicas", h => Number(h, "status", "currentReplicas")),
            Age,
        ],
        ["poddisruptionbudgets.policy"] =
        [
            Text("Min Available", b => Share(b, "minAvailable")),
            Text("Max Unavailable", b => Share(b, "maxUnavailable")),
            Count("Allowed Disruptions", b => Number(b, "status", "disruptionsAllowed")),
            Age,
        ],
        ["networkpolicies.networking.k8s.io"] = [Text("Pod-Selector", n => Selector(n.Object("spec", "podSelector"))), Age],
        ["leases.coordination.k8s.io"] = [Text("Holder", l => l.Object("spec")?.Text("holderIdentity") ?? ""), Age],
        ["roles.rbac.authorization.k8s.io"] = [CreatedAt],
        ["clusterroles.rbac.authorization.k8s.io"] = [CreatedAt],
        ["rolebindings.rbac.authorization.k8s.io"] = Binding,
        ["clusterrolebindings.rbac.authorization.k8s.io"] = Binding,
        ["customresourcedefinitions.apiextensions.k8s.io"] = [CreatedAt],
    };

    private static ImmutableArray<Column> Workload =>
    [
        Wide("Containers", w => Containers(w, "name")),
        Wide("Images", w => Containers(w, "image")),
        Wide("Selector", w => Selector(w.Object("spec", "selector"))),
    ];

    private static ImmutableArray<Column> Binding =>
    [
        Text("Role", b => $"{b.Object("roleRef")?.Text("kind")}/{b.Object("roleRef")?.Text("name")}"),
        Age,
        Wide("Users", b => Subjects(b, "User", s => s.Text("name"))),
        Wide("Groups", b => Subjects(b, "Group", s => s.Text("name"))),
        Wide("ServiceAccounts", b => Subjects(b, "ServiceAccount", s => $"{s.Text("namespace")}/{s.Text("name")}")),
    ];

    internal static ImmutableArray<Column> Of(Resource resource) => ByKind.GetValueOrDefault(resource.ToString(), [Age]);

    /// <summary>A column that is always shown.</summary>
    internal static Column Text(string name, Func<JsonObject, JsonNode?> value) => new(name, "string", (obj, _) => value(obj));

    /// <summary>A column of <c>-o wide</c>.</summary>
    internal static Column Wide(string name, Func<JsonObject, JsonNode?> value) => Text(name, value) with { Priority = 1 };

    /// <summary>Labels as people write them: <c>a=b,c=d</c>.</summary>
    internal static string Labels(JsonObject? labels) =>
        labels is { Count: > 0 } ? string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value?.Text()}")) : Cells.None;

    /// <summary>The first three of many.</summary>
    internal static string First(IEnumerable<string> all, string none)
    {
        string[] found = [.. all];
        return found.Length switch
        {
            0 => none,
            <= 3 => string.Join(',', found),
            _ => $"{string.Join(',', found[..3])} + {found.Length - 3} more...",
        };
    }

    /// <summary>A whole number below a path; 0 when there is none.</summary>
    internal static long Number(JsonObject obj, string part, string field) => obj.Object(part)?.Whole(field) ?? 0;

    private static Column Count(string name, Func<JsonObject, JsonNode?> value) => Text(name, value) with { Type = "integer" };

    private static int Entries(JsonObject obj, string field) => (obj[field] as JsonObject)?.Count ?? 0;

    private static string Containers(JsonObject workload, string field) =>
        string.Join(',', (workload.Object("spec", "template", "spec") ?? []).List("containers").Select(c => c.Text(field)));

    private static string Share(JsonObject budget, string field) => budget.Object("spec")?[field] is { } share ? share.Text() ?? share.ToJsonString() : "N/A";

    private static string Subjects(JsonObject binding, string kind, Func<JsonObject, string?> name) =>
        string.Join(", ", binding.List("subjects").Where(s => s.Text("kind") == kind).Select(name));

    private static JsonNode? AccessModes(JsonObject claim) => string.Join(',', (claim.Object("status") ?? []).Texts("accessModes").Select(m => m switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => m,
    }));

    private static string Selector(JsonObject? selector)
    {
        var labels = selector?["matchLabels"] is JsonObject { Count: > 0 } exact ? Labels(exact) : null;
        var expressions = (selector?.List("matchExpressions") ?? []).Select(e => (e.Text("operator"), e.Text("key"), string.Join(',', e.Texts("values").Order(StringComparer.Ordinal))) switch
        {
            ("In", var key, var values) => $"{key} in ({values})",
            ("NotIn", var key, var values) => $"{key} notin ({values})",
            ("DoesNotExist", var key, _) => $"!{key}",
            (_, var key, _) => key,
        });
        return string.Join(',', expressions.Prepend(labels).OfType<string>()) is { Length: > 0 } text ? text : Cells.None;
    }
}
