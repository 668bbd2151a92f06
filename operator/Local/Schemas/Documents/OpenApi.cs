using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What clients validate, merge and explain by: the OpenAPI documents of the kinds served.</summary>
public static class OpenApi
{
    /// <summary>The content type in which kubectl before 1.27 wants version 2, and takes no other.</summary>
    public const string V2Protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    private const string Title = "Kubernetes";

    /// <summary><c>/openapi/v2</c>: all kinds in one document. <see cref="OpenApiProtobuf"/> writes it for old clients.</summary>
    /// <param name="kinds">All kinds served.</param>
    /// <param name="serverVersion">The version of the server: <c>v1.33.0</c>.</param>
    public static JsonObject V2(IReadOnlyCollection<ServedKind> kinds, string serverVersion) => new()
    {
        ["swagger"] = "2.0",
        ["info"] = new JsonObject { ["title"] = Title, ["version"] = serverVersion },
        ["paths"] = OpenApiPaths.Of(kinds, OpenApiDialect.V2),
        ["definitions"] = OpenApiSchemas.Of(kinds, OpenApiDialect.V2),
    };

    /// <summary><c>/openapi/v3/apis/{group}/{version}</c>: the kinds of one group and version.</summary>
    /// <param name="kinds">The kinds of that version alone.</param>
    /// <param name="serverVersion">The version of the server.</param>
    public static JsonObject V3(IReadOnlyCollection<ServedKind> kinds, string serverVersion) => new()
    {
        ["openapi"] = "3.0.0",
        ["info"] = new JsonObject { ["title"] = Title, ["version"] = serverVersion },
        ["paths"] = OpenApiPaths.Of(kinds, OpenApiDialect.V3),
        ["components"] = new JsonObject { ["schemas"] = OpenApiSchemas.Of(kinds, OpenApiDialect.V3) },
    };

    /// <summary><c>/openapi/v3</c>: where the documents are. Their addresses change with their contents, so that clients may keep them for good.</summary>
    /// <param name="kinds">All kinds served.</param>
    /// <param name="serverVersion">The version of the server.</param>
    public static JsonObject V3Index(IEnumerable<ServedKind> kinds, string serverVersion)
    {
        var paths = new JsonObject();
        foreach (var version in kinds.GroupBy(k => k.Resource.ApiVersion, StringComparer.Ordinal).OrderBy(g => PathOf(g.Key), StringComparer.Ordinal))
        {
            var path = PathOf(version.Key);
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={Hash(V3([.. version], serverVersion))}" };
        }

        return new() { ["paths"] = paths };
    }

    /// <summary>The path of a version below <c>/openapi/v3/</c>: <c>api/v1</c>, <c>apis/apps/v1</c>.</summary>
    /// <param name="apiVersion"><c>v1</c>, <c>apps/v1</c>.</param>
    public static string PathOf(string apiVersion) => apiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{apiVersion}" : $"api/{apiVersion}";

    private static string Hash(JsonObject document) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(document.ToJsonString())));
}

/// <summary>The two forms of OpenAPI.</summary>
internal enum OpenApiDialect
{
    /// <summary>2.0, where a reference may have neighbours.</summary>
    V2,

    /// <summary>3.0, where a reference with neighbours stands in an <c>allOf</c>.</summary>
    V3,
}
