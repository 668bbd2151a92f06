using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Fleet.Runtime;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>A request for a resource, understood: which kind, which object, and what the query says.</summary>
/// <param name="Http">The request itself.</param>
/// <param name="Path">The path, taken apart.</param>
/// <param name="Kind">The kind.</param>
internal sealed record ApiRequest(HttpContext Http, ResourcePath Path, ServedKind Kind)
{
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    private static readonly string[] ObjectTypes = ["application/json", "application/yaml", Protobuf];

    /// <summary>The object's place.</summary>
    internal ObjectKey Key => new(Path.Namespace ?? "", Path.Name ?? "");

    /// <summary>Ends when the client goes.</summary>
    internal CancellationToken Stop => Http.RequestAborted;

    /// <summary>A parameter of the query, or null.</summary>
    internal string? Query(string name) => Http.Request.Query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>A parameter that is true or false.</summary>
    internal bool Flag(string name) => Query(name) is "true" or "1";

    /// <summary>A parameter that is a whole number, or null.</summary>
    /// <exception cref="ApiError">It is none.</exception>
    internal long? Number(string name) => Query(name) is not { } text ? null
        : long.TryParse(text, out var number) && number >= 0 ? number : throw ApiError.BadRequest($"invalid value for the parameter {name}: \"{text}\" is no whole number");

    /// <summary>The two selectors.</summary>
    internal Selection Selection => ApiServer.Selection.Of(Query("labelSelector"), Query("fieldSelector"));

    /// <summary>What the query says about a write.</summary>
    internal WriteOptions WriteOptions => new()
    {
        DryRun = Query("dryRun") switch { null => false, "All" => true, var other => throw ApiError.BadRequest($"Invalid value for dryRun: \"{other}\": supported values: \"All\"") },
        Manager = Query("fieldManager") ?? ManagerOf(Http.Request.Headers.UserAgent.ToString()),
        Force = Flag("force"),
        Validation = Query("fieldValidation") switch
        {
            null or "Warn" => FieldValidation.Warn,
            "Strict" => FieldValidation.Strict,
            "Ignore" => FieldValidation.Ignore,
            var other => throw ApiError.BadRequest($"invalid value for fieldValidation: \"{other}\": supported values: Ignore, Strict, Warn"),
        },
    };

    /// <summary>Reads the body as JSON, or as YAML or protobuf where the type says so.</summary>
    /// <param name="types">The media types that are taken.</param>
    /// <exception cref="ApiError">It has another type, is too large, or cannot be read.</exception>
    internal async Task<JsonNode?> BodyAsync(params string[] types)
    {
        types = types.Length == 0 ? ObjectTypes : types;
        var type = MediaType;
        if (type is not null && !types.Contains(type))
            throw ApiError.UnsupportedMediaType(string.Join(", ", types));
        using var buffer = new MemoryStream();
        try
        {
            await Http.Request.Body.CopyToAsync(buffer, Stop);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw ApiError.TooLarge();
        }

        if (buffer.Length == 0)
            return null;
        var utf8 = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        try
        {
            return type == Protobuf ? ProtobufBody.Read(utf8)
                : type?.EndsWith("yaml", StringComparison.Ordinal) == true ? Yaml.ParseOne(Encoding.UTF8.GetString(utf8.Span))
                : JsonNode.Parse(utf8.Span, documentOptions: new() { MaxDepth = KubeJson.MaxDepth, AllowDuplicateProperties = false });
        }
        catch (ProtobufFormatException e)
        {
            throw ApiError.BadRequest($"the object provided is unrecognized: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or YamlFormatException)
        {
            throw ApiError.BadRequest(Twice(utf8.Span) ?? $"the object provided is unrecognized: couldn't get version/kind; json parse error: {e.Message}");
        }
    }

    /// <summary>Reads the body as an object.</summary>
    /// <exception cref="ApiError">It is none.</exception>
    internal async Task<JsonObject> ObjectAsync(params string[] types) =>
        await BodyAsync(types) as JsonObject ?? throw ApiError.BadRequest("the object provided is unrecognized: a JSON object is expected");

    /// <summary>The body's media type without its parameters; null when none is named.</summary>
    internal string? MediaType => Http.Request.ContentType is { Length: > 0 } type ? type.Split(';')[0].Trim().ToLowerInvariant() : null;

    // A field that is said twice is refused whatever fieldValidation says: which of the two was meant, nobody knows.
    private static string? Twice(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return DuplicateFields.In(utf8) is { Count: > 0 } fields ? $"strict decoding error: {string.Join(", ", fields)}" : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // As in kube-apiserver: the program's name is what stands before the first slash.
    private static string ManagerOf(string userAgent) => userAgent.Split('/', 2)[0] is { Length: > 0 and <= 128 } name ? name : "unknown";
}
