using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.ApiServer;

/// <summary>A request that is refused, with the answer: a metav1.Status. Rule: Kubernetes API conventions, "Response Status Kind".</summary>
internal sealed class ApiError : Exception
{
    private readonly JsonObject? _details;

    private ApiError(int code, string reason, string message, JsonObject? details = null)
        : base(message) => (Code, Reason, _details) = (code, reason, details);

    /// <summary>The HTTP status.</summary>
    internal int Code { get; }

    /// <summary>The machine-readable reason.</summary>
    internal string Reason { get; }

    internal static ApiError BadRequest(string message) => new(400, "BadRequest", message);

    internal static ApiError Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    internal static ApiError NotFound(Resource resource, string name) =>
        new(404, "NotFound", $"{resource} \"{name}\" not found", Details(resource, name, kind: resource.Plural));

    internal static ApiError NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    internal static ApiError NoSuchMethod() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new JsonObject());

    internal static ApiError NotAcceptable(string types) => new(406, "NotAcceptable", $"only the following media types are accepted: {types}");

    internal static ApiError UnsupportedMediaType(string types) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {types}");

    internal static ApiError AlreadyExists(Resource resource, string name) =>
        new(409, "AlreadyExists", $"{resource} \"{name}\" already exists", Details(resource, name, kind: resource.Plural));

    internal static ApiError Conflict(Resource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}", Details(resource, name, kind: resource.Plural));

    internal static ApiError Modified(Resource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    internal static ApiError FieldConflict(IReadOnlyList<(string Who, string Field)> conflicts)
    {
        var causes = conflicts.Select(c => Cause("FieldManagerConflict", $"conflict with {c.Who}", c.Field));
        var groups = conflicts.GroupBy(c => c.Who).Select(g =>
            g.Count() == 1 ? $"conflict with {g.Key}: {g.First().Field}" : $"conflicts with {g.Key}:\n{string.Join('\n', g.Select(c => $"- {c.Field}"))}");
        var count = conflicts.Count == 1 ? "1 conflict" : $"{conflicts.Count} conflicts";
        return new(409, "Conflict", $"Apply failed with {count}: {string.Join('\n', groups)}", new JsonObject { ["causes"] = new JsonArray([.. causes]) });
    }

    internal static ApiError Invalid(Resource resource, string name, IReadOnlyList<(string Path, string Reason, string Message)> problems)
    {
        var details = Details(resource, name, kind: resource.Kind);
        details["causes"] = new JsonArray([.. problems.Select(p => (JsonNode)Cause(p.Reason, p.Message, p.Path))]);
        var lines = problems.Select(p => p.Path.Length == 0 ? p.Message : $"{p.Path}: {p.Message}").ToArray();
        var text = lines.Length == 1 ? lines[0] : $"[{string.Join(", ", lines)}]";
        var kind = resource.Group.Length == 0 ? resource.Kind : $"{resource.Kind}.{resource.Group}";
        return new(422, "Invalid", $"{kind} \"{name}\" is invalid: {text}", details);
    }

    internal static ApiError Unprocessable(string message) => new(422, "Invalid", message);

    internal static ApiError Terminating(Resource resource, string name, string ns) => new(
        403, "Forbidden", $"{resource} \"{name}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated",
        With(Details(resource, name, kind: resource.Plural), Cause("NamespaceTerminating", $"namespace {ns} is being terminated", "metadata.namespace")));

    internal static ApiError Forbidden(Resource resource, string name, string why) =>
        new(403, "Forbidden", $"{resource} \"{name}\" is forbidden: {why}", Details(resource, name, kind: resource.Plural));

    internal static ApiError Expired(long asked, long oldest) => new(410, "Expired", $"too old resource version: {asked} ({oldest})");

    internal static ApiError ContinueExpired() => new(
        410, "Expired", "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.");

    internal static ApiError FromTheFuture(long asked, long now) => new(
        504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {now}",
        With(new JsonObject { ["retryAfterSeconds"] = 1 }, Cause("ResourceVersionTooLarge", "Too large resource version", null)));

    internal static ApiError TooLarge() => new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

    /// <summary>The answer's body, also the object of an ERROR event of a watch.</summary>
    internal JsonObject ToStatus()
    {
        var status = Status("Failure", Code);
        status["message"] = Message;
        status["reason"] = Reason;
        if (_details is not null)
            status["details"] = _details.DeepClone();
        return status;
    }

    /// <summary>What a deletion answers when the object is gone at once.</summary>
    internal static JsonObject Deleted(Resource resource, string name, string uid)
    {
        var status = Status("Success", null);
        status["details"] = Details(resource, name, kind: resource.Plural);
        status["details"]!["uid"] = uid;
        return status;
    }

    /// <summary>What a creation answers that leaves no object, such as a binding.</summary>
    internal static JsonObject Created() => Status("Success", 201);

    private static JsonObject Status(string status, int? code)
    {
        var built = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = status };
        if (code is { } number)
            built["code"] = number;
        return built;
    }

    private static JsonObject Details(Resource resource, string name, string kind)
    {
        var details = new JsonObject { ["name"] = name };
        if (resource.Group.Length > 0)
            details["group"] = resource.Group;
        details["kind"] = kind;
        return details;
    }

    private static JsonObject Cause(string reason, string message, string? field)
    {
        var cause = new JsonObject { ["reason"] = reason, ["message"] = message };
        if (field is not null)
            cause["field"] = field;
        return cause;
    }

    private static JsonObject With(JsonObject details, JsonObject cause)
    {
        details["causes"] = new JsonArray(cause);
        return details;
    }
}
