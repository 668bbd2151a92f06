using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>What the server says of itself: version, health, discovery and OpenAPI. Clients and people learn from it what can be asked.</summary>
internal sealed class ServerDocuments(KindRegistry kinds)
{
    /// <summary>The version that is reported: the Kubernetes whose behaviour this server follows.</summary>
    internal const string GitVersion = "v1.33.0+fleet";

    private const string Aggregated = "g=apidiscovery.k8s.io";
    private const string OpenApiProtobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    /// <summary>Answers what needs no token: version and health.</summary>
    internal static async Task<bool> TryAnswerOpenlyAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/version" or "/version/":
                await Answers.JsonAsync(http, new JsonObject
                {
                    ["major"] = "1", ["minor"] = "33", ["gitVersion"] = GitVersion, ["gitCommit"] = "", ["gitTreeState"] = "clean", ["buildDate"] = "1970-01-01T00:00:00Z",
                    ["goVersion"] = "", ["compiler"] = "", ["platform"] = "",
                });
                return true;
            case "/readyz" or "/livez" or "/healthz" or "/readyz/ping" or "/livez/ping" or "/healthz/ping":
                await Answers.TextAsync(http, "ok");
                return true;
            default:
                return false;
        }
    }

    /// <summary>Answers discovery and OpenAPI; false when the path is neither.</summary>
    internal async Task<bool> TryAnswerAsync(HttpContext http)
    {
        var all = kinds.All;
        var path = (http.Request.Path.Value ?? "/").TrimEnd('/');
        var accept = http.Request.Headers.Accept.ToString();
        switch (path.Split('/')[1..])
        {
            case []:
                await Answers.JsonAsync(http, new JsonObject { ["paths"] = new JsonArray("/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version") });
                return true;
            case ["api"] or ["apis"] when accept.Contains(Aggregated, StringComparison.Ordinal):
                var version = accept.Contains("v=v2,", StringComparison.Ordinal) || accept.Contains("v=v2;", StringComparison.Ordinal) || accept.EndsWith("v=v2", StringComparison.Ordinal) ? "v2" : "v2beta1";
                await Answers.JsonAsync(http, DiscoveryDocuments.Aggregated(all, path == "/api", version), type: $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
                return true;
            case ["api"]:
                await Answers.JsonAsync(http, DiscoveryDocuments.CoreVersions());
                return true;
            case ["apis"]:
                await Answers.JsonAsync(http, DiscoveryDocuments.Groups(all));
                return true;
            case ["apis", var group] when DiscoveryDocuments.Group(all, group) is { } one:
                await Answers.JsonAsync(http, one);
                return true;
            case ["api", var core] when DiscoveryDocuments.Resources(all, "", core) is { } list:
                await Answers.JsonAsync(http, list);
                return true;
            case ["apis", var group, var named] when DiscoveryDocuments.Resources(all, group, named) is { } list:
                await Answers.JsonAsync(http, list);
                return true;
            case ["openapi", "v2"]:
                if (accept.Contains(OpenApiProtobuf, StringComparison.Ordinal))
                    await Answers.BytesAsync(http, OpenApi.V2Protobuf(all), 200, OpenApiProtobuf);
                else
                    await Answers.JsonAsync(http, OpenApi.V2(all));
                return true;
            case ["openapi", "v3"]:
                await Answers.JsonAsync(http, OpenApi.V3Index(all));
                return true;
            case ["openapi", "v3", .. var parts] when OpenApi.V3(all, string.Join('/', parts)) is { } document:
                await Answers.JsonAsync(http, document);
                return true;
            default:
                return false;
        }
    }
}
