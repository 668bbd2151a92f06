using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Controllers;

/// <summary>A condition of a workload.</summary>
/// <param name="Type">What it is about.</param>
/// <param name="Status"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Reason">One CamelCase word.</param>
/// <param name="Message">The same for people.</param>
/// <param name="Moved">When its status last changed.</param>
/// <param name="Updated">When anything was last heard of it; null where the kind does not say.</param>
internal sealed record WorkloadCondition(string Type, string Status, string Reason, string Message, DateTimeOffset Moved, DateTimeOffset? Updated = null)
{
    /// <summary>Reads one.</summary>
    public static WorkloadCondition Read(JsonElement json) => new(
        json.At("type").Text() ?? "", json.At("status").Text() ?? "", json.At("reason").Text() ?? "", json.At("message").Text() ?? "",
        json.At("lastTransitionTime").Time() ?? default, json.At("lastUpdateTime").Time());

    /// <summary>Writes it.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = Type, ["status"] = Status, ["lastTransitionTime"] = Moved.ToText() };
        if (Updated is { } updated)
            json["lastUpdateTime"] = updated.ToText();
        if (Reason.Length > 0)
            json["reason"] = Reason;
        if (Message.Length > 0)
            json["message"] = Message;
        return json;
    }
}

/// <summary>The conditions of a status, one a type.</summary>
internal static class StatusConditions
{
    /// <summary>Reads a list.</summary>
    public static ImmutableArray<WorkloadCondition> Read(JsonElement list) => [.. list.Items().Select(WorkloadCondition.Read)];

    /// <summary>The condition of a type, or null.</summary>
    public static WorkloadCondition? Of(this ImmutableArray<WorkloadCondition> conditions, string type) => conditions.FirstOrDefault(c => c.Type == type);

    /// <summary>With a condition set. One that says the same as before is left as it was, and its time of moving moves with its status alone.</summary>
    public static ImmutableArray<WorkloadCondition> With(this ImmutableArray<WorkloadCondition> conditions, WorkloadCondition next)
    {
        var was = conditions.Of(next.Type);
        if (was is not null && was.Status == next.Status && was.Reason == next.Reason)
            return conditions;
        return conditions.Without(next.Type).Add(was?.Status == next.Status ? next with { Moved = was.Moved } : next);
    }

    /// <summary>Without the condition of a type.</summary>
    public static ImmutableArray<WorkloadCondition> Without(this ImmutableArray<WorkloadCondition> conditions, string type) => conditions.RemoveAll(c => c.Type == type);

    /// <summary>Writes a list.</summary>
    public static JsonArray ToJson(this ImmutableArray<WorkloadCondition> conditions) => new([.. conditions.Select(c => c.ToJson())]);
}
