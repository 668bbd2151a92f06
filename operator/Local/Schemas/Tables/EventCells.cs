using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What <c>kubectl get events</c> says, of core events and of those of events.k8s.io, which name the same fields differently.</summary>
internal static class EventCells
{
    internal static ImmutableArray<Column> Columns { get; } =
    [
        new("Last Seen", "string", (e, now) => Cells.AgeOf(LastSeen(e), now)),
        BuiltInColumns.Text("Type", e => e.Text("type")),
        BuiltInColumns.Text("Reason", e => e.Text("reason")),
        BuiltInColumns.Text("Object", e => $"{About(e)?.Text("kind")?.ToLowerInvariant()}/{About(e)?.Text("name")}"),
        BuiltInColumns.Wide("Subobject", e => About(e)?.Text("fieldPath") ?? ""),
        BuiltInColumns.Wide("Source", Source),
        BuiltInColumns.Text("Message", e => (e.Text("message") ?? e.Text("note") ?? "").Trim()),
        new("First Seen", "string", (e, now) => Cells.AgeOf(FirstSeen(e), now), Priority: 1),
        BuiltInColumns.Wide("Count", Count),
        Cells.Name with { Priority = 1 },
    ];

    private static JsonObject? About(JsonObject e) => e.Object("involvedObject") ?? e.Object("regarding");

    private static JsonNode? FirstSeen(JsonObject e) => e["firstTimestamp"] ?? e["deprecatedFirstTimestamp"] ?? e["eventTime"];

    private static JsonNode? LastSeen(JsonObject e) => e.Object("series")?["lastObservedTime"] ?? e["lastTimestamp"] ?? e["deprecatedLastTimestamp"] ?? FirstSeen(e);

    private static JsonNode? Source(JsonObject e)
    {
        var source = e.Object("source") ?? e.Object("deprecatedSource");
        var component = source?.Text("component") ?? e.Text("reportingComponent") ?? e.Text("reportingController");
        var host = source?.Text("host") ?? e.Text("reportingInstance");
        return string.Join(", ", new[] { component, host }.Where(t => t is { Length: > 0 }));
    }

    private static JsonNode? Count(JsonObject e) => Math.Max(1, e.Object("series")?.Whole("count") ?? e.Whole("count") ?? e.Whole("deprecatedCount") ?? 1);
}
