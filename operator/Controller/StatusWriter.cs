using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Controller;

/// <summary>Step 5: writes a status, and only one that says something new.</summary>
public sealed class StatusWriter(ApiClient api, WatchedNamespaces watched)
{
    /// <summary>Returns whether it had to be written.</summary>
    public async Task<bool> WriteAsync(MicroserviceApp app, AppStatus status, CancellationToken stop)
    {
        if (StatusBuilder.Same(app.Status, status))
            return false;
        var body = new JsonObject
        {
            ["apiVersion"] = app.ApiVersion,
            ["kind"] = app.Kind,
            // With the UID, a status never lands on another app of the same name.
            ["metadata"] = new JsonObject { ["name"] = app.Metadata.Name, ["namespace"] = app.Metadata.Namespace, ["uid"] = app.Metadata.Uid },
            ["status"] = JsonSerializer.SerializeToNode(status, AppsJson.Default.AppStatus),
        };
        try
        {
            watched[app.Metadata.Namespace].Apps.Witness(await api.ApplyStatusAsync(MicroserviceApp.Type, app.Metadata.Namespace!, app.Metadata.Name, body, stop));
            return true;
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return false; // the app was deleted in the meantime; nobody is left to read it
        }
    }
}
