using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>An app's status for programs: the object as kubectl has it, without the spec.</summary>
internal static class StatusDocument
{
    internal static JsonObject Of(MicroserviceApp app)
    {
        var document = new JsonObject
        {
            ["apiVersion"] = MicroserviceApp.Resource.ApiVersion,
            ["kind"] = MicroserviceApp.Resource.Kind,
            ["metadata"] = new JsonObject { ["name"] = app.Metadata.Name, ["namespace"] = app.Metadata.Namespace, ["generation"] = app.Metadata.Generation },
        };
        if (app.Status is { } status)
            document["status"] = JsonSerializer.SerializeToNode(status, AppsJson.Default.AppStatus);
        return document;
    }
}
