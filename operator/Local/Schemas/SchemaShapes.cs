using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>Turns the structural schemas of CustomResourceDefinitions into shapes.</summary>
internal static class SchemaShapes
{
    private static readonly string[] Names = ["name", "generateName"];

    private static readonly Shape Anything = new() { Type = ShapeType.Any, KeepsUnknown = true };

    /// <summary>The shape of a whole custom resource.</summary>
    /// <param name="schema">The <c>openAPIV3Schema</c>.</param>
    /// <param name="name">The OpenAPI name of the kind.</param>
    internal static Shape OfRoot(JsonObject schema, string name)
    {
        var root = Of(schema, name, isResource: true);
        root.Fields = WithMetadata(root.Fields, schema["properties"]?["metadata"] as JsonObject);
        return root;
    }

    private static Shape Of(JsonObject schema, string? name = null, bool isResource = false)
    {
        var embedded = schema.Is("x-kubernetes-embedded-resource");
        var fields = FieldsOf(schema);
        var values = (schema["enum"] as JsonArray)?.ToArray() ?? [];
        var textsAlone = values.Length > 0 && values.All(v => v?.GetValueKind() == JsonValueKind.String);
        return new()
        {
            Type = TypeOf(schema, isResource || embedded),
            Name = name,
            Description = schema.Text("description"),
            Format = schema.Is("x-kubernetes-int-or-string") ? "int-or-string" : schema.Text("format"),
            Fields = embedded ? WithMetadata(fields, null) : fields,
            Items = ItemsOf(schema),
            IsAtomic = schema.Text("x-kubernetes-map-type") == "atomic" || (schema.Text("type") == "array" && schema.Text("x-kubernetes-list-type") is null or "atomic"),
            IsSet = schema.Text("x-kubernetes-list-type") == "set",
            Keys = [.. schema.Texts("x-kubernetes-list-map-keys")],
            KeepsUnknown = schema.Is("x-kubernetes-preserve-unknown-fields") || TypeOf(schema, isResource) == ShapeType.Any,
            IsNullable = schema.Is("nullable"),
            IsEmbeddedResource = embedded,
            Choices = textsAlone ? [.. values.Select(v => v!.GetValue<string>())] : [],
            Bounds = BoundsOf(schema, textsAlone ? [] : values),
        };
    }

    private static ShapeType TypeOf(JsonObject schema, bool isResource) => schema.Text("type") switch
    {
        _ when schema.Is("x-kubernetes-int-or-string") => ShapeType.IntOrString,
        "object" => schema["additionalProperties"] is JsonObject || schema.Is("additionalProperties") ? ShapeType.Map : ShapeType.Object,
        "array" => ShapeType.List,
        "string" => ShapeType.Text,
        "integer" => ShapeType.Integer,
        "number" => ShapeType.Number,
        "boolean" => ShapeType.Boolean,
        _ => isResource ? ShapeType.Object : ShapeType.Any,
    };

    private static Shape? ItemsOf(JsonObject schema) => (schema["items"] ?? schema["additionalProperties"]) switch
    {
        JsonObject items => Of(items),
        JsonValue value when value.GetValueKind() == JsonValueKind.True => Anything,
        _ => null,
    };

    private static OrderedDictionary<string, Field> FieldsOf(JsonObject schema)
    {
        var fields = new OrderedDictionary<string, Field>(StringComparer.Ordinal);
        var required = schema.Texts("required").ToHashSet(StringComparer.Ordinal);
        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is JsonObject declared)
                fields[name] = new(Of(declared), required.Remove(name), declared["default"]?.DeepClone(), declared.Text("description"));
        }

        // The alternatives of a schema name fields that the schema around them declares.
        foreach (var name in required)
            fields[name] = new(Anything, Required: true);
        return fields;
    }

    private static OrderedDictionary<string, Field> WithMetadata(IReadOnlyDictionary<string, Field> fields, JsonObject? restricted)
    {
        var built = BuiltInKinds.ObjectMeta;
        var all = new OrderedDictionary<string, Field>(StringComparer.Ordinal)
        {
            ["apiVersion"] = new(new() { Type = ShapeType.Text }, Description: "The group and version that the object is written in."),
            ["kind"] = new(new() { Type = ShapeType.Text }, Description: "What the object is."),
            ["metadata"] = new(restricted is null ? built : Restricted(built, Of(restricted)), Description: "Name, labels and whatever else all objects have."),
        };
        foreach (var (name, field) in fields)
            all.TryAdd(name, field);
        return all;
    }

    // A schema may bound name and generateName, nothing else of the metadata.
    private static Shape Restricted(Shape metadata, Shape said)
    {
        if (said.Fields.Count == 0)
            return metadata;
        var fields = new OrderedDictionary<string, Field>(metadata.Fields, StringComparer.Ordinal);
        foreach (var name in Names.Where(said.Fields.ContainsKey))
            fields[name] = said.Fields[name];
        return new() { Type = ShapeType.Object, Description = metadata.Description, Fields = fields };
    }

    private static Bounds? BoundsOf(JsonObject schema, JsonNode?[] values)
    {
        var bounds = new Bounds
        {
            Pattern = schema.Text("pattern"),
            MinLength = Count("minLength"),
            MaxLength = Count("maxLength"),
            Minimum = Number("minimum"),
            Maximum = Number("maximum"),
            ExclusiveMinimum = schema.Is("exclusiveMinimum"),
            ExclusiveMaximum = schema.Is("exclusiveMaximum"),
            MultipleOf = Number("multipleOf"),
            MinItems = Count("minItems"),
            MaxItems = Count("maxItems"),
            MinProperties = Count("minProperties"),
            MaxProperties = Count("maxProperties"),
            Values = [.. values],
            // What every int-or-string says of itself is its type.
            AllOf = schema.Is("x-kubernetes-int-or-string") ? [] : Alternatives("allOf"),
            AnyOf = schema.Is("x-kubernetes-int-or-string") ? [] : Alternatives("anyOf"),
            OneOf = Alternatives("oneOf"),
            Not = schema["not"] is JsonObject not ? Of(not) : null,
        };
        return bounds == None ? null : bounds;

        int? Count(string name) => (int?)schema.Whole(name);
        double? Number(string name) => schema[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.GetValue<double>() : null;
        ImmutableArray<Shape> Alternatives(string name) => [.. schema.List(name).Select(s => Of(s))];
    }

    // Immutable arrays are equal when they are the same one, and [] is always the same one.
    private static readonly Bounds None = new();
}
