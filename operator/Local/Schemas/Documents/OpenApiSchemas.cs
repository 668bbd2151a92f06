using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>Writes shapes as OpenAPI schemas.</summary>
internal sealed class OpenApiSchemas
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    private readonly OpenApiDialect _dialect;
    private readonly SortedDictionary<string, JsonObject> _schemas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonArray> _kinds = new(StringComparer.Ordinal);
    private readonly Queue<Shape> _waiting = new();

    private OpenApiSchemas(OpenApiDialect dialect) => _dialect = dialect;

    /// <summary>Every named shape that the kinds, their lists and the bodies around them need.</summary>
    internal static JsonObject Of(IReadOnlyCollection<ServedKind> kinds, OpenApiDialect dialect)
    {
        var schemas = new OpenApiSchemas(dialect);
        foreach (var kind in kinds)
        {
            schemas.Name(kind.Shape.Name!, kind.Resource, kind.Resource.Kind);
            schemas.Name(ListOf(kind), kind.Resource, kind.ListKind);
            schemas.Refer(kind.Shape.Name!, kind.Shape);
            schemas._schemas[ListOf(kind)] = schemas.List(kind);
            foreach (var body in kind.Subresources.Select(BodyOf).OfType<Shape>())
                schemas.Refer(body.Name!, body);
        }

        schemas.Name("io.k8s.api.autoscaling.v1.Scale", Subresource.Scale, "Scale");
        foreach (var name in new[] { "DeleteOptions", "Status" })
        {
            schemas.Name(Meta + name, new("", "v1", name, ""), name);
            schemas.Refer(Meta + name, BuiltInKinds.Types[Meta + name]);
        }

        while (schemas._waiting.TryDequeue(out var shape))
            schemas._schemas[shape.Name!] = schemas.Definition(shape);
        schemas._schemas[$"{Meta}Patch"] = new() { ["description"] = "A change of an object, in the form that the content type says.", ["type"] = "object" };
        return new(schemas._schemas.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
    }

    /// <summary>The name of the definition of a kind's list.</summary>
    internal static string ListOf(ServedKind kind) => $"{kind.Shape.Name}List";

    /// <summary>The name of what is read from a subresource.</summary>
    internal static Shape? BodyOf(Subresource subresource) =>
        subresource.Body == Subresource.Scale ? BuiltInKinds.Types["io.k8s.api.autoscaling.v1.Scale"]
        : subresource.Body.Kind == "Binding" ? BuiltInKinds.Types["io.k8s.api.core.v1.Binding"]
        : null;

    /// <summary>A reference to a definition.</summary>
    internal static JsonObject Reference(string name, OpenApiDialect dialect) =>
        new() { ["$ref"] = (dialect == OpenApiDialect.V2 ? "#/definitions/" : "#/components/schemas/") + name };

    /// <summary>The kind of a definition or an operation.</summary>
    internal static JsonObject KindOf(Resource resource, string kind) => new() { ["group"] = resource.Group, ["kind"] = kind, ["version"] = resource.Version };

    private void Name(string definition, Resource resource, string kind)
    {
        if (!_kinds.TryGetValue(definition, out var kinds))
            _kinds[definition] = kinds = [];
        kinds.Add((JsonNode)KindOf(resource, kind));
    }

    private JsonObject Refer(string name, Shape shape)
    {
        if (_schemas.TryAdd(name, []))
            _waiting.Enqueue(shape);
        return Reference(name, _dialect);
    }

    private JsonObject List(ServedKind kind)
    {
        var metadata = BuiltInKinds.Types[$"{Meta}ListMeta"];
        return WithKind(ListOf(kind), new()
        {
            ["description"] = $"A list of objects of kind {kind.Resource.Kind}.",
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["description"] = "The group and version that the list is written in.", ["type"] = "string" },
                ["items"] = new JsonObject { ["description"] = "The objects.", ["type"] = "array", ["items"] = Refer(kind.Shape.Name!, kind.Shape) },
                ["kind"] = new JsonObject { ["description"] = "What the list is.", ["type"] = "string" },
                ["metadata"] = Beside(Refer(metadata.Name!, metadata), "The state of the list."),
            },
        });
    }

    private JsonObject WithKind(string name, JsonObject schema)
    {
        if (_kinds.TryGetValue(name, out var kinds))
            schema["x-kubernetes-group-version-kind"] = kinds.DeepClone();
        return schema;
    }

    private JsonObject Definition(Shape shape)
    {
        var schema = Written(shape);
        if (shape.Description is { } description)
            schema.Insert(0, "description", description);
        return WithKind(shape.Name!, schema);
    }

    /// <summary>A shape where it is used.</summary>
    private JsonObject Used(Shape shape, string? description)
    {
        if (shape.Name is { } name)
            return Beside(Refer(name, shape), description, shape is { RetainsKeys: true, Type: ShapeType.Object });
        var schema = Written(shape);
        if ((description ?? shape.Description) is { } said)
            schema.Insert(0, "description", said);
        return schema;
    }

    private JsonObject Beside(JsonObject reference, string? description, bool retainsKeys = false)
    {
        if (description is null && !retainsKeys)
            return reference;
        var schema = _dialect == OpenApiDialect.V2 ? reference : new JsonObject { ["allOf"] = new JsonArray(reference) };
        if (description is not null)
            schema.Insert(0, "description", description);
        if (retainsKeys)
            schema["x-kubernetes-patch-strategy"] = "retainKeys";
        return schema;
    }

    private JsonObject Written(Shape shape)
    {
        var schema = new JsonObject();
        Type(shape, schema);
        if (shape.Choices.Length > 0)
            schema["enum"] = Strings(shape.Choices.Order(StringComparer.Ordinal));
        if (shape.Fields.Count > 0)
            Fields(shape, schema);
        if (shape.Type == ShapeType.Map)
            schema["additionalProperties"] = Used(shape.Items!, null);
        if (shape.Type == ShapeType.List && shape.Items is { } items)
            schema["items"] = Used(items, null);
        if (shape.IsAtomic && shape.Type is ShapeType.Object or ShapeType.Map)
            schema["x-kubernetes-map-type"] = "atomic";
        if (shape.Type == ShapeType.List)
            Merging(shape, schema);
        if (shape.KeepsUnknown && shape.Type == ShapeType.Object)
            schema["x-kubernetes-preserve-unknown-fields"] = true;
        if (shape.IsEmbeddedResource)
            schema["x-kubernetes-embedded-resource"] = true;
        if (shape.IsNullable && _dialect == OpenApiDialect.V3)
            schema["nullable"] = true;
        if (shape.Bounds is { } bounds)
            Bound(bounds, schema);
        return schema;
    }

    private void Type(Shape shape, JsonObject schema)
    {
        switch (shape.Type)
        {
            case ShapeType.Any:
                if (shape.KeepsUnknown && shape.Fields.Count == 0)
                    schema["x-kubernetes-preserve-unknown-fields"] = true;
                return;
            case ShapeType.IntOrString when shape.Name is null:
                schema["x-kubernetes-int-or-string"] = true;
                return;
            case ShapeType.IntOrString or ShapeType.Quantity when _dialect == OpenApiDialect.V3:
                schema["oneOf"] = shape.Type == ShapeType.IntOrString ? Types("integer", "string") : Types("string", "number");
                break;
            default:
                schema["type"] = shape.Type switch
                {
                    ShapeType.Object or ShapeType.Map => "object",
                    ShapeType.List => "array",
                    ShapeType.Integer => "integer",
                    ShapeType.Number => "number",
                    ShapeType.Boolean => "boolean",
                    _ => "string",
                };
                break;
        }

        if (shape.Format is { } format)
            schema["format"] = format;
    }

    private static JsonArray Types(params string[] types) => new([.. types.Select(t => new JsonObject { ["type"] = t })]);

    private void Fields(Shape shape, JsonObject schema)
    {
        string[] required = [.. shape.Fields.Where(f => f.Value.Required).Select(f => f.Key)];
        if (required.Length > 0)
            schema["required"] = Strings(required);
        var properties = new JsonObject();
        foreach (var (name, field) in shape.Fields.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            var property = Used(field.Shape, field.Description);
            // A default beside a plain reference would make it another schema; only leaves say theirs.
            if (_dialect == OpenApiDialect.V3 && field.Default is { } standard && !property.ContainsKey("$ref"))
                property["default"] = standard.DeepClone();
            properties[name] = property;
        }

        schema["properties"] = properties;
    }

    private static void Merging(Shape shape, JsonObject schema)
    {
        schema["x-kubernetes-list-type"] = shape.Keys.Length > 0 ? "map" : shape.IsSet ? "set" : "atomic";
        if (shape.Keys.Length > 0)
            schema["x-kubernetes-list-map-keys"] = Strings(shape.Keys);
        if (shape.MergeKey is { } key)
            schema["x-kubernetes-patch-merge-key"] = key;
        if (shape.MergeKey is not null || shape.MergesScalars)
            schema["x-kubernetes-patch-strategy"] = shape.RetainsKeys ? "merge,retainKeys" : "merge";
    }

    private void Bound(Bounds bounds, JsonObject schema)
    {
        Say("pattern", bounds.Pattern);
        Say("minLength", bounds.MinLength);
        Say("maxLength", bounds.MaxLength);
        Say("minimum", bounds.Minimum);
        Say("maximum", bounds.Maximum);
        Say("exclusiveMinimum", bounds.ExclusiveMinimum ? true : null);
        Say("exclusiveMaximum", bounds.ExclusiveMaximum ? true : null);
        Say("multipleOf", bounds.MultipleOf);
        Say("minItems", bounds.MinItems);
        Say("maxItems", bounds.MaxItems);
        Say("minProperties", bounds.MinProperties);
        Say("maxProperties", bounds.MaxProperties);
        Say("enum", bounds.Values.Length == 0 ? null : new JsonArray([.. bounds.Values.Select(v => v?.DeepClone())]));
        // Version 2 knows no alternatives.
        if (_dialect == OpenApiDialect.V2)
            return;
        Say("allOf", Alternatives(bounds.AllOf));
        Say("anyOf", Alternatives(bounds.AnyOf));
        Say("oneOf", Alternatives(bounds.OneOf));
        Say("not", bounds.Not is { } not ? Used(not, null) : null);

        void Say(string name, JsonNode? value)
        {
            if (value is not null)
                schema[name] = value;
        }
    }

    private JsonArray? Alternatives(IReadOnlyCollection<Shape> shapes) => shapes.Count == 0 ? null : new([.. shapes.Select(s => Used(s, null))]);

    private static JsonArray Strings(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)t)]);
}
