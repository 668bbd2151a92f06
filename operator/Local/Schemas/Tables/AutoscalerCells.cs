using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What <c>kubectl get hpa</c> says: for each metric what is and what shall be.</summary>
internal static class AutoscalerCells
{
    private const int Shown = 2;

    internal static JsonNode? Targets(JsonObject autoscaler)
    {
        JsonObject[] wanted = [.. (autoscaler.Object("spec") ?? []).List("metrics")];
        JsonObject[] found = [.. (autoscaler.Object("status") ?? []).List("currentMetrics")];
        if (wanted.Length == 0)
            return Cells.None;
        var targets = string.Join(", ", wanted.Take(Shown).Select((w, i) => Target(w, i < found.Length ? found[i] : null)));
        return wanted.Length > Shown ? $"{targets} + {wanted.Length - Shown} more..." : targets;
    }

    private static string Target(JsonObject wanted, JsonObject? found)
    {
        var field = wanted.Text("type") is { Length: > 0 } type ? char.ToLowerInvariant(type[0]) + type[1..] : "";
        var (goal, now) = (wanted.Object(field, "target") ?? [], found?.Object(field, "current"));
        var name = field is "resource" or "containerResource" ? $"{wanted.Object(field)?.Text("name")}: " : "";
        return $"{name}{Amount(now, goal) ?? Cells.Unknown}/{Amount(goal, goal) ?? "<auto>"}{(field is "pods" or "resource" or "containerResource" || goal["averageValue"] is null ? "" : " (avg)")}";
    }

    // What is wanted says in which unit what is there is shown.
    private static string? Amount(JsonObject? amounts, JsonObject goal) => goal switch
    {
        _ when goal["averageUtilization"] is not null => amounts?.Whole("averageUtilization") is { } share ? $"{share}%" : null,
        _ when goal["averageValue"] is not null => amounts?.Text("averageValue"),
        _ => amounts?.Text("value"),
    };
}
