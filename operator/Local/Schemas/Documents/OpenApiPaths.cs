using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>
/// The paths of OpenAPI documents: which verb on which path does what with which kind. Clients look for the kind of a patch and whether it takes
/// <c>dryRun</c> and <c>fieldValidation</c>, and generated clients for the bodies; nobody needs the rest.
/// </summary>
internal sealed class OpenApiPaths
{
    private static readonly (string Name, string Type, string Description)[] ListParameters =
    [
        ("labelSelector", "string", "Only objects whose labels fulfil it."),
        ("fieldSelector", "string", "Only objects whose fields fulfil it."),
        ("limit", "integer", "At most so many objects in one page."),
        ("continue", "string", "The next page of a list."),
        ("resourceVersion", "string", "The state from which on to watch, or that the list must have reached."),
        ("watch", "boolean", "Changes as they happen, instead of a list."),
    ];

    private static readonly (string Name, string Type, string Description)[] WriteParameters =
    [
        ("dryRun", "string", "All: do everything but store the result."),
        ("fieldManager", "string", "Who owns the fields that the request sets."),
        ("fieldValidation", "string", "Ignore, Warn or Strict: what becomes of fields that are unknown or said twice."),
    ];

    private static readonly string[] BuiltInPatchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];
    private static readonly string[] CustomPatchTypes = [.. BuiltInPatchTypes.Where(t => !t.Contains("strategic", StringComparison.Ordinal))];
    private static readonly string[] ObjectTypes = ["application/json", "application/yaml"];

    private readonly OpenApiDialect _dialect;
    private readonly JsonObject _paths = [];

    private OpenApiPaths(OpenApiDialect dialect) => _dialect = dialect;

    internal static JsonObject Of(IEnumerable<ServedKind> kinds, OpenApiDialect dialect)
    {
        var paths = new OpenApiPaths(dialect);
        foreach (var kind in kinds.OrderBy(k => Root(k.Resource), StringComparer.Ordinal).ThenBy(k => k.Resource.Plural, StringComparer.Ordinal))
            paths.Add(kind);
        return paths._paths;
    }

    private static string Root(Resource resource) => resource.Path(null);

    private void Add(ServedKind kind)
    {
        var resource = kind.Resource;
        var root = Root(resource);
        var collection = resource.Namespaced ? $"{root[..^(resource.Plural.Length + 1)]}/namespaces/{{namespace}}/{resource.Plural}" : root;
        var list = OpenApiSchemas.ListOf(kind);
        if (resource.Namespaced && kind.Verbs.Contains("list"))
            _paths[root] = Path(resource, false, ("get", Operation(kind, "list", list, "ForAllNamespaces")));
        _paths[collection] = Path(resource, resource.Namespaced, [.. Offered(kind.Verbs,
            ("get", "list", () => Operation(kind, "list", list)),
            ("post", "create", () => Operation(kind, "post", kind.Shape.Name!)),
            ("delete", "deletecollection", () => Operation(kind, "deletecollection", $"{Meta}Status", "Collection")))]);
        if (kind.Verbs.Contains("get"))
        {
            _paths[$"{collection}/{{name}}"] = Path(resource, resource.Namespaced, [.. Offered(kind.Verbs,
                ("get", "get", () => Operation(kind, "get", kind.Shape.Name!)),
                ("put", "update", () => Operation(kind, "put", kind.Shape.Name!)),
                ("patch", "patch", () => Operation(kind, "patch", kind.Shape.Name!)),
                ("delete", "delete", () => Operation(kind, "delete", $"{Meta}Status")))]);
        }

        foreach (var sub in kind.Subresources)
        {
            var body = OpenApiSchemas.BodyOf(sub)?.Name ?? kind.Shape.Name!;
            var suffix = char.ToUpperInvariant(sub.Name[0]) + sub.Name[1..];
            _paths[$"{collection}/{{name}}/{sub.Name}"] = Path(resource, resource.Namespaced, [.. Offered(sub.Verbs,
                ("get", "get", () => Operation(kind, "get", body, suffix, sub.Body)),
                ("put", "update", () => Operation(kind, "put", body, suffix, sub.Body)),
                ("patch", "patch", () => Operation(kind, "patch", body, suffix, sub.Body)),
                ("post", "create", () => Operation(kind, "post", body, suffix, sub.Body)))]);
        }
    }

    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    private static IEnumerable<(string Method, JsonObject Operation)> Offered(IReadOnlyList<string> verbs, params (string Method, string Verb, Func<JsonObject> Operation)[] all) =>
        all.Where(o => verbs.Contains(o.Verb)).Select(o => (o.Method, o.Operation()));

    private JsonObject Path(Resource resource, bool inNamespace, params (string Method, JsonObject Operation)[] operations)
    {
        var path = new JsonObject(operations.Select(o => KeyValuePair.Create(o.Method, (JsonNode?)o.Operation)));
        var parameters = new JsonArray();
        if (operations.Any(o => o.Operation["operationId"]!.GetValue<string>() is var id && !id.StartsWith("list", StringComparison.Ordinal) && !id.StartsWith("create", StringComparison.Ordinal)) && operations.Any(o => o.Method == "put"))
            parameters.Add((JsonNode)Parameter("path", "name", "string", $"The name of the {resource.Kind}."));
        if (inNamespace)
            parameters.Add((JsonNode)Parameter("path", "namespace", "string", "Its namespace."));
        if (parameters.Count > 0)
            path["parameters"] = parameters;
        return path;
    }

    private JsonObject Operation(ServedKind kind, string action, string body, string suffix = "", Resource? of = null)
    {
        var resource = kind.Resource;
        var operation = new JsonObject
        {
            ["description"] = $"{action} {resource.Kind}",
            ["operationId"] = OperationId(resource, action, suffix),
        };
        if (_dialect == OpenApiDialect.V2)
        {
            operation["consumes"] = action == "patch" ? Strings(PatchTypes(kind)) : Strings("*/*");
            operation["produces"] = Strings(ObjectTypes);
        }

        var parameters = new JsonArray([.. (action switch
        {
            "list" or "deletecollection" => ListParameters,
            "post" or "put" or "patch" => WriteParameters,
            "delete" => WriteParameters[..1],
            _ => [],
        }).Select(JsonNode (p) => Parameter("query", p.Name, p.Type, p.Description))]);
        Body(operation, parameters, action, body, kind);
        operation["parameters"] = parameters;
        operation["responses"] = new JsonObject { ["200"] = Response(body) };
        operation["x-kubernetes-action"] = action;
        operation["x-kubernetes-group-version-kind"] = OpenApiSchemas.KindOf(of ?? resource, (of ?? resource).Kind);
        return operation;
    }

    private void Body(JsonObject operation, JsonArray parameters, string action, string body, ServedKind kind)
    {
        var sent = action switch
        {
            "post" or "put" => body,
            "patch" => $"{Meta}Patch",
            "delete" or "deletecollection" => $"{Meta}DeleteOptions",
            _ => null,
        };
        if (sent is null)
            return;
        if (_dialect == OpenApiDialect.V2)
            parameters.Insert(0, new JsonObject { ["name"] = "body", ["in"] = "body", ["required"] = !action.StartsWith("delete", StringComparison.Ordinal), ["schema"] = OpenApiSchemas.Reference(sent, _dialect) });
        else
            operation["requestBody"] = new JsonObject { ["content"] = Content(action == "patch" ? PatchTypes(kind) : ["*/*"], sent) };
    }

    // Custom resources have no merge keys: a client that thinks they do would send what is refused.
    private static string[] PatchTypes(ServedKind kind) => ShapeDecoding.IsTyped(kind) ? BuiltInPatchTypes : CustomPatchTypes;

    private JsonObject Response(string body) => _dialect == OpenApiDialect.V2
        ? new() { ["description"] = "OK", ["schema"] = OpenApiSchemas.Reference(body, _dialect) }
        : new() { ["description"] = "OK", ["content"] = Content(ObjectTypes, body) };

    private JsonObject Content(IEnumerable<string> types, string body) =>
        new(types.Select(t => KeyValuePair.Create(t, (JsonNode?)new JsonObject { ["schema"] = OpenApiSchemas.Reference(body, _dialect) })));

    private JsonObject Parameter(string place, string name, string type, string description)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["description"] = description };
        if (place == "path")
            parameter["required"] = true;
        if (_dialect == OpenApiDialect.V2)
            parameter["type"] = type;
        else
            parameter["schema"] = new JsonObject { ["type"] = type };
        return parameter;
    }

    private static string OperationId(Resource resource, string action, string suffix)
    {
        var verb = action switch { "get" => "read", "put" => "replace", "post" => "create", "deletecollection" => "delete", _ => action };
        var group = resource.Group.Length == 0 ? "Core" : string.Concat(resource.Group.Split('.')[0].Split('-').Select(p => char.ToUpperInvariant(p[0]) + p[1..]));
        return $"{verb}{group}{char.ToUpperInvariant(resource.Version[0])}{resource.Version[1..]}{(resource.Namespaced ? "Namespaced" : "")}{resource.Kind}{suffix}";
    }

    private static JsonArray Strings(params string[] texts) => new([.. texts.Select(t => (JsonNode?)t)]);
}
