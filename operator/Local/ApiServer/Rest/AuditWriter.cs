using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>Writes one line per answered request in the form of audit.k8s.io/v1, the level Metadata: who asked what, and what came of it.</summary>
internal sealed class AuditWriter(string path, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);

    /// <summary>Writes the line of a request that was answered.</summary>
    internal void Write(HttpContext http, ResourcePath? resource, DateTimeOffset received)
    {
        var line = new JsonObject
        {
            ["kind"] = "Event",
            ["apiVersion"] = "audit.k8s.io/v1",
            ["level"] = "Metadata",
            ["stage"] = "ResponseComplete",
            ["requestURI"] = $"{http.Request.Path}{http.Request.QueryString}",
            ["verb"] = Verb(http, resource),
            ["user"] = new JsonObject { ["username"] = "admin" },
            ["userAgent"] = http.Request.Headers.UserAgent.ToString(),
            ["responseStatus"] = new JsonObject { ["code"] = http.Response.StatusCode },
            ["requestReceivedTimestamp"] = Micro(received),
            ["stageTimestamp"] = Micro(time.GetUtcNow()),
        };
        if (resource is { } path)
            line["objectRef"] = Reference(path);
        byte[] bytes = [.. Wire.Bytes(line), (byte)'\n'];
        lock (_gate)
        {
            _file.Write(bytes);
            _file.Flush();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _file.Dispose();
    }

    private static string Verb(HttpContext http, ResourcePath? resource) => (http.Request.Method, resource?.Name) switch
    {
        ("GET" or "HEAD", _) when http.Request.Query["watch"].ToString() is "true" or "1" => "watch",
        ("GET" or "HEAD", null) when resource is not null => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", null) => "deletecollection",
        ("DELETE", _) => "delete",
        _ => "get",
    };

    private static JsonObject Reference(ResourcePath path)
    {
        var reference = new JsonObject { ["resource"] = path.Plural, ["apiVersion"] = path.Version };
        foreach (var (field, value) in ((string, string?)[])[("apiGroup", path.Group), ("namespace", path.Namespace), ("name", path.Name), ("subresource", path.Subresource)])
        {
            if (!string.IsNullOrEmpty(value))
                reference[field] = value;
        }

        return reference;
    }

    private static string Micro(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
