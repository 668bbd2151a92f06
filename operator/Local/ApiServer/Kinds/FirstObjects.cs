using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>What a cluster has before anybody asks: its namespaces.</summary>
internal static class FirstObjects
{
    private static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    /// <summary>Creates them.</summary>
    internal static void Create(ObjectWriter writer, KindRegistry kinds)
    {
        var kind = kinds.Find("", "v1", "namespaces")!;
        foreach (var name in Namespaces)
            writer.Create(kind, null, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, new() { Manager = "kube-apiserver" });
    }
}
