using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>
/// A structural OpenAPI v3 schema: the subset of apiextensions.k8s.io/v1 JSONSchemaProps that our types need. Immutable.
/// It is written into the CRD, and read by <see cref="SchemaValidator"/> where there is no server to ask.
/// </summary>
public sealed record Schema
{
    /// <summary>object, array, string, integer, boolean; null for <see cref="IsIntOrString"/>, which must not have one.</summary>
    public string? Type { get; init; }

    /// <summary>What <c>kubectl explain</c> prints.</summary>
    public string? Description { get; init; }

    /// <summary>int32, int64 or date-time.</summary>
    public string? Format { get; init; }

    /// <summary>An object's fields, in the order of declaration.</summary>
    public IReadOnlyDictionary<string, Schema> Properties { get; init; } = new OrderedDictionary<string, Schema>();

    /// <summary>The fields that must be there.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>What a list holds.</summary>
    public Schema? Items { get; init; }

    /// <summary>What a map holds; its keys are free, structural schemas cannot bound them.</summary>
    public Schema? AdditionalProperties { get; init; }

    /// <summary>The strings to choose from; empty when any will do.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>A regular expression (RE2) for strings; numbers of an int-or-string are not asked.</summary>
    public string? Pattern { get; init; }

    /// <summary>The shortest string, in code points.</summary>
    public int? MinLength { get; init; }

    /// <summary>The longest string, in code points.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The smallest number.</summary>
    public long? Minimum { get; init; }

    /// <summary>The largest number.</summary>
    public long? Maximum { get; init; }

    /// <summary>The shortest list.</summary>
    public int? MinItems { get; init; }

    /// <summary>The longest list.</summary>
    public int? MaxItems { get; init; }

    /// <summary>The largest map.</summary>
    public int? MaxProperties { get; init; }

    /// <summary>A number or a string (<c>x-kubernetes-int-or-string</c>).</summary>
    public bool IsIntOrString { get; init; }

    /// <summary>Fields that are not declared are kept (<c>x-kubernetes-preserve-unknown-fields</c>).</summary>
    public bool PreservesUnknownFields { get; init; }

    /// <summary>The fields by which a list's entries are told apart (<c>x-kubernetes-list-map-keys</c>); empty for a list that is replaced as a whole.</summary>
    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    /// <summary>No entry of the list comes twice (<c>x-kubernetes-list-type: set</c>).</summary>
    public bool HasUniqueItems { get; init; }

    /// <summary>The CEL rules (<c>x-kubernetes-validations</c>), which only servers check.</summary>
    public IReadOnlyList<SchemaRule> Rules { get; init; } = [];

    /// <summary>The schema as it stands in a CRD.</summary>
    public JsonObject ToJson() => Json.Of(
        ("description", Description),
        ("type", Type),
        ("format", Format),
        ("x-kubernetes-int-or-string", IsIntOrString ? true : null),
        ("x-kubernetes-preserve-unknown-fields", PreservesUnknownFields ? true : null),
        ("enum", Json.Strings(Choices)),
        ("pattern", Pattern),
        ("minLength", MinLength),
        ("maxLength", MaxLength),
        ("minimum", Minimum),
        ("maximum", Maximum),
        ("minItems", MinItems),
        ("maxItems", MaxItems),
        ("maxProperties", MaxProperties),
        ("x-kubernetes-list-type", Type != "array" ? null : ListMapKeys.Count > 0 ? "map" : HasUniqueItems ? "set" : "atomic"),
        ("x-kubernetes-list-map-keys", Json.Strings(ListMapKeys)),
        ("x-kubernetes-validations", Json.ListOf(Rules.Select(r => r.ToJson()))),
        ("required", Json.Strings(Required)),
        ("properties", Properties.Count == 0 ? null : Json.Of([.. Properties.Select(p => (p.Key, (JsonNode?)p.Value.ToJson()))])),
        ("items", Items?.ToJson()),
        ("additionalProperties", AdditionalProperties?.ToJson()));
}

/// <summary>A CEL rule of a schema.</summary>
/// <param name="Rule">The expression over <c>self</c>.</param>
/// <param name="Message">What the user reads when it is false.</param>
public sealed record SchemaRule(string Rule, string Message)
{
    internal JsonObject ToJson() => Json.Of(("rule", Rule), ("message", Message));
}
