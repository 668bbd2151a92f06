using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>The status of a CustomResourceDefinition: here every one is accepted and served at once.</summary>
internal static class CustomKinds
{
    private static readonly (string Type, string Reason, string Message)[] Conditions =
    [
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ];

    /// <summary>Writes the status into a definition that is being stored.</summary>
    internal static void Establish(JsonObject crd, DateTimeOffset now)
    {
        if (crd["spec"] is not JsonObject spec)
            return;
        var status = crd["status"] as JsonObject ?? [];
        crd["status"] = status.Parent is null ? status : status.DeepClone();
        status = (JsonObject)crd["status"]!;
        status.Take("acceptedNames", new JsonObject { ["acceptedNames"] = spec["names"]?.DeepClone() });
        status["storedVersions"] ??= new JsonArray([.. spec.Objects("versions").Where(v => v["storage"]?.GetValue<bool>() == true).Select(v => (JsonNode?)v.Text("name"))]);
        status["conditions"] ??= new JsonArray([.. Conditions.Select(c => (JsonNode)new JsonObject
        {
            ["type"] = c.Type, ["status"] = "True", ["lastTransitionTime"] = Wire.Time(now), ["reason"] = c.Reason, ["message"] = c.Message,
        })]);
    }
}
