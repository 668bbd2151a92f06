using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What <c>kubectl get nodes</c> says.</summary>
internal static class NodeCells
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    internal static ImmutableArray<Column> Columns(Column age) =>
    [
        BuiltInColumns.Text("Status", Status),
        BuiltInColumns.Text("Roles", Roles),
        age,
        BuiltInColumns.Text("Version", n => Info(n, "kubeletVersion") ?? ""),
        BuiltInColumns.Wide("Internal-IP", n => Address(n, "InternalIP")),
        BuiltInColumns.Wide("External-IP", n => Address(n, "ExternalIP")),
        BuiltInColumns.Wide("OS-Image", n => Info(n, "osImage") ?? Cells.Unknown),
        BuiltInColumns.Wide("Kernel-Version", n => Info(n, "kernelVersion") ?? Cells.Unknown),
        BuiltInColumns.Wide("Container-Runtime", n => Info(n, "containerRuntimeVersion") ?? Cells.Unknown),
    ];

    private static JsonNode? Status(JsonObject node)
    {
        var ready = (node.Object("status") ?? []).List("conditions").FirstOrDefault(c => c.Text("type") == "Ready")?.Text("status");
        var said = ready switch { null => "Unknown", "True" => "Ready", _ => "NotReady" };
        return node.Object("spec")?.Is("unschedulable") == true ? $"{said},SchedulingDisabled" : said;
    }

    private static JsonNode? Roles(JsonObject node)
    {
        var roles = string.Join(',', (node.Object("metadata", "labels") ?? [])
            .Where(l => l.Key.StartsWith(RolePrefix, StringComparison.Ordinal) && l.Key.Length > RolePrefix.Length)
            .Select(l => l.Key[RolePrefix.Length..])
            .Order(StringComparer.Ordinal));
        return roles.Length > 0 ? roles : Cells.None;
    }

    private static string? Info(JsonObject node, string field) => node.Object("status", "nodeInfo")?.Text(field) is { Length: > 0 } info ? info : null;

    private static JsonNode? Address(JsonObject node, string type) =>
        (node.Object("status") ?? []).List("addresses").FirstOrDefault(a => a.Text("type") == type)?.Text("address") ?? Cells.None;
}
