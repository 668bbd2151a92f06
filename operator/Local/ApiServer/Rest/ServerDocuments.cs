using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>What the server says of itself: version, health, discovery and OpenAPI. Clients and people learn from it what can be asked.</summary>
internal sealed class ServerDocuments(KindRegistry kinds)
{
    /// <summary>The version that is reported: the Kubernetes whose behaviour this server follows.</summary>
    internal const string GitVersion = "v1.33.0+fleet";

    private readonly Dictionary<string, byte[]> _written = new(StringComparer.Ordinal);
    private int _generation = -1;

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
            case ["api"] or ["apis"] when Aggregated(accept) is { } version:
                await Answers.JsonAsync(http, DiscoveryDocuments.Aggregated(all, path == "/api", version), type: DiscoveryDocuments.AggregatedType(version));
                return true;
            case ["api"]:
                await Answers.JsonAsync(http, DiscoveryDocuments.Api());
                return true;
            case ["apis"]:
                await Answers.JsonAsync(http, DiscoveryDocuments.Groups(all));
                return true;
            case ["apis", var group] when DiscoveryDocuments.Group(all, group) is { } one:
                await Answers.JsonAsync(http, one);
                return true;
            case ["api", var version] when DiscoveryDocuments.ResourceList(all, version) is { } core:
                await Answers.JsonAsync(http, core);
                return true;
            case ["apis", var group, var version] when DiscoveryDocuments.ResourceList(all, $"{group}/{version}") is { } list:
                await Answers.JsonAsync(http, list);
                return true;
            // Answered as kube-apiserver does, with a type that can be parsed: the one that is asked for cannot.
            case ["openapi", "v2"] when accept.Contains("proto-openapi.spec.v2", StringComparison.Ordinal):
                await Answers.BytesAsync(http, Written("v2 as protobuf", () => OpenApiProtobuf.Write(OpenApi.V2(all, GitVersion))), StatusCodes.Status200OK, OpenApi.V2Protobuf.Replace('@', '.'));
                return true;
            case ["openapi", "v2"]:
                await OpenApiAsync(http, "v2", () => OpenApi.V2(all, GitVersion));
                return true;
            case ["openapi", "v3"]:
                await OpenApiAsync(http, "v3", () => OpenApi.V3Index(all, GitVersion));
                return true;
            case ["openapi", "v3", .. var parts] when OfVersion(all, string.Join('/', parts)) is { Count: > 0 } version:
                await OpenApiAsync(http, path, () => OpenApi.V3(version, GitVersion));
                return true;
            default:
                return false;
        }
    }

    private Task OpenApiAsync(HttpContext http, string name, Func<JsonObject> document) =>
        Answers.BytesAsync(http, Written(name, () => Wire.Bytes(document())), StatusCodes.Status200OK, "application/json");

    // They are large, and change only with the kinds.
    private byte[] Written(string name, Func<byte[]> write)
    {
        var now = kinds.Generation;
        lock (_written)
        {
            if (_generation != now)
            {
                _written.Clear();
                _generation = now;
            }

            return _written.TryGetValue(name, out var bytes) ? bytes : _written[name] = write();
        }
    }

    // The newest of the two forms that the client takes; null when it takes neither.
    private static string? Aggregated(string accept) => accept.Split(',', StringSplitOptions.TrimEntries)
        .Where(t => t.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal))
        .Select(t => t.Split(';').FirstOrDefault(p => p.StartsWith("v=", StringComparison.Ordinal))?[2..])
        .FirstOrDefault(v => v is "v2" or "v2beta1");

    private static List<ServedKind> OfVersion(IEnumerable<ServedKind> all, string path) => [.. all.Where(k => OpenApi.PathOf(k.Resource.ApiVersion) == path)];
}
