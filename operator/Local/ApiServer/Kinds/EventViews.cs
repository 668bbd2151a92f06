using System.Text.Json.Nodes;
using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>Core Events and those of events.k8s.io are the same objects under other names of fields; they are stored as core Events.</summary>
internal static class EventViews
{
    private static readonly (string Core, string New)[] Names =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    private static bool IsNew(ServedKind kind) => kind.Resource is { Group: "events.k8s.io", Plural: "events" };

    /// <summary>The kind as which an object is written.</summary>
    internal static ServedKind Stored(ServedKind kind) => IsNew(kind) ? BuiltInKinds.All.First(k => k.Resource is { Group: "", Plural: "events" }) : kind;

    /// <summary>What a client sent, as it is stored.</summary>
    internal static JsonObject In(ServedKind kind, JsonObject json) => IsNew(kind) ? Renamed(json, Names.ToDictionary(n => n.New, n => n.Core, StringComparer.Ordinal), "v1") : json;

    /// <summary>What is stored, as the client's version shows it.</summary>
    internal static JsonObject Out(ServedKind kind, JsonObject json) => IsNew(kind)
        ? Renamed(json, Names.ToDictionary(n => n.Core, n => n.New, StringComparer.Ordinal), kind.Resource.ApiVersion)
        : json.Text("apiVersion") == kind.Resource.ApiVersion ? json : Renamed(json, [], kind.Resource.ApiVersion);

    private static JsonObject Renamed(JsonObject json, Dictionary<string, string> names, string version)
    {
        var renamed = new JsonObject();
        foreach (var (name, value) in json)
            renamed[names.GetValueOrDefault(name, name)] = value?.DeepClone();
        renamed["apiVersion"] = version;
        return renamed;
    }
}
