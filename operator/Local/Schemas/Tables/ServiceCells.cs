using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What <c>kubectl get services</c> and <c>endpoints</c> say.</summary>
internal static class ServiceCells
{
    internal static JsonNode? External(JsonObject service)
    {
        var spec = service.Object("spec") ?? [];
        if (spec.Text("type") == "ExternalName")
            return spec.Text("externalName");
        string[] given = spec.Text("type") == "LoadBalancer"
            ? [.. (service.Object("status", "loadBalancer") ?? []).List("ingress").Select(i => i.Text("ip") ?? i.Text("hostname")).OfType<string>()]
            : [];
        var all = string.Join(',', given.Concat(spec.Texts("externalIPs")));
        return all.Length > 0 ? all : spec.Text("type") == "LoadBalancer" ? "<pending>" : Cells.None;
    }

    internal static JsonNode? Ports(JsonObject service)
    {
        var ports = string.Join(',', (service.Object("spec") ?? []).List("ports").Select(p =>
            $"{p.Whole("port")}{(p.Whole("nodePort") is > 0 and var node ? $":{node}" : "")}/{p.Text("protocol")}"));
        return ports.Length > 0 ? ports : Cells.None;
    }

    internal static JsonNode? Endpoints(JsonObject endpoints) => BuiltInColumns.First(endpoints.List("subsets").SelectMany(s =>
        s.List("ports").Any()
            ? s.List("ports").SelectMany(p => s.List("addresses").Select(a => $"{a.Text("ip")}:{p.Whole("port")}"))
            : s.List("addresses").Select(a => a.Text("ip") ?? "")), Cells.None);
}
