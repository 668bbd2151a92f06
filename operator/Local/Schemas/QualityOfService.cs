using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>How safe a pod is when its node runs short. Rule: kubernetes.io, "Pod Quality of Service Classes".</summary>
internal static class QualityOfService
{
    private static readonly string[] Counted = ["cpu", "memory"];

    internal static string Of(JsonObject podSpec)
    {
        JsonObject[] containers = [.. podSpec.List("containers"), .. podSpec.List("initContainers")];
        if (!containers.Any(c => Says(c, "requests") || Says(c, "limits")))
            return "BestEffort";
        return containers.All(IsGuaranteed) ? "Guaranteed" : "Burstable";
    }

    private static bool Says(JsonObject container, string amounts) => container["resources"]?[amounts] is JsonObject { Count: > 0 };

    private static bool IsGuaranteed(JsonObject container) => Counted.All(r =>
        container["resources"]?["limits"]?[r] is { } limit && JsonNode.DeepEquals(container["resources"]?["requests"]?[r] ?? limit, limit));
}
