using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What a JSON value may be.</summary>
public enum ShapeType
{
    /// <summary>An object with declared fields.</summary>
    Object,

    /// <summary>An object with free keys, all values of one shape.</summary>
    Map,

    /// <summary>A list.</summary>
    List,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Any number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A whole number or a string.</summary>
    IntOrString,

    /// <summary>A quantity such as <c>100m</c>, as a string or a number.</summary>
    Quantity,

    /// <summary>A time in RFC 3339.</summary>
    Time,

    /// <summary>Base64.</summary>
    Bytes,

    /// <summary>Whatever comes.</summary>
    Any,
}

/// <summary>
/// The shape of a JSON value, of a built-in kind or of a custom resource: enough to validate, default and prune it, to merge patches into it, to tell who
/// owns which field, and to describe it to clients. Immutable once built.
/// Rule: kubernetes.io, "Server-Side Apply", merge strategy; "Extend the Kubernetes API with CustomResourceDefinitions", structural schemas.
/// </summary>
public sealed class Shape
{
    /// <summary>What the value may be.</summary>
    public required ShapeType Type { get; init; }

    /// <summary>The OpenAPI definition it is, <c>io.k8s.api.core.v1.Container</c> for instance; null for a shape that is written out where it is used.</summary>
    public string? Name { get; init; }

    /// <summary>What <c>kubectl explain</c> prints.</summary>
    public string? Description { get; init; }

    /// <summary><c>int32</c>, <c>int64</c>, <c>date-time</c>, <c>byte</c>... as OpenAPI has it.</summary>
    public string? Format { get; init; }

    /// <summary>The fields of an object.</summary>
    public IReadOnlyDictionary<string, Field> Fields { get; set; } = ImmutableDictionary<string, Field>.Empty;

    /// <summary>What a list or a map holds.</summary>
    public Shape? Items { get; init; }

    /// <summary>Whether an object, map or list has one owner and is replaced as a whole (<c>x-kubernetes-map-type</c> or <c>-list-type: atomic</c>).</summary>
    public bool IsAtomic { get; init; }

    /// <summary>Whether a list of scalars is merged by value (<c>x-kubernetes-list-type: set</c>).</summary>
    public bool IsSet { get; init; }

    /// <summary>The fields by which the entries of a list are told apart (<c>x-kubernetes-list-map-keys</c>); a list with none, no set, is atomic.</summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>The field by which a strategic merge patch tells the entries of a list apart; null means that the patch replaces the list.</summary>
    public string? MergeKey { get; init; }

    /// <summary>Whether a strategic merge patch merges a list of scalars by value.</summary>
    public bool MergesScalars { get; init; }

    /// <summary>Whether a strategic merge patch may say with <c>$retainKeys</c> which fields stay: of the object, or of the entries of the list.</summary>
    public bool RetainsKeys { get; init; }

    /// <summary>Whether undeclared fields are kept.</summary>
    public bool KeepsUnknown { get; init; }

    /// <summary>The strings to choose from; empty when any will do.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    /// <summary>Whether null is a value that is kept (<c>nullable</c>).</summary>
    public bool IsNullable { get; init; }

    /// <summary>Whether the object has <c>apiVersion</c>, <c>kind</c> and <c>metadata</c> of its own (<c>x-kubernetes-embedded-resource</c>).</summary>
    public bool IsEmbeddedResource { get; init; }

    /// <summary>What a value must keep to beyond its type; null for nothing. Only custom resources say it.</summary>
    public Bounds? Bounds { get; init; }
}

/// <summary>A field of an object.</summary>
/// <param name="Shape">Its shape.</param>
/// <param name="Required">Whether it must be there.</param>
/// <param name="Default">What it is when it is missing; null for nothing.</param>
/// <param name="Description">What <c>kubectl explain</c> prints; null for the shape's own.</param>
/// <param name="OmitsEmpty">Whether an empty value (<c>""</c>, 0, false, no entries) is the same as none, and is left out when the object is stored.</param>
public sealed record Field(Shape Shape, bool Required = false, JsonNode? Default = null, string? Description = null, bool OmitsEmpty = false);

/// <summary>The bounds of a structural schema; null where it says nothing.</summary>
public sealed record Bounds
{
    /// <summary>A regular expression (RE2) for strings.</summary>
    public string? Pattern { get; init; }

    /// <summary>The shortest string, in code points.</summary>
    public int? MinLength { get; init; }

    /// <summary>The longest string, in code points.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The smallest number.</summary>
    public double? Minimum { get; init; }

    /// <summary>The largest number.</summary>
    public double? Maximum { get; init; }

    /// <summary>Whether the smallest number itself is out of bounds.</summary>
    public bool ExclusiveMinimum { get; init; }

    /// <summary>Whether the largest number itself is out of bounds.</summary>
    public bool ExclusiveMaximum { get; init; }

    /// <summary>What a number must be a multiple of.</summary>
    public double? MultipleOf { get; init; }

    /// <summary>The shortest list.</summary>
    public int? MinItems { get; init; }

    /// <summary>The longest list.</summary>
    public int? MaxItems { get; init; }

    /// <summary>The smallest object or map.</summary>
    public int? MinProperties { get; init; }

    /// <summary>The largest object or map.</summary>
    public int? MaxProperties { get; init; }

    /// <summary>The values to choose from, when they are not strings alone.</summary>
    public ImmutableArray<JsonNode?> Values { get; init; } = [];

    /// <summary>Shapes that must all fit (<c>allOf</c>).</summary>
    public ImmutableArray<Shape> AllOf { get; init; } = [];

    /// <summary>Shapes of which one at least must fit (<c>anyOf</c>).</summary>
    public ImmutableArray<Shape> AnyOf { get; init; } = [];

    /// <summary>Shapes of which exactly one must fit (<c>oneOf</c>).</summary>
    public ImmutableArray<Shape> OneOf { get; init; } = [];

    /// <summary>A shape that must not fit (<c>not</c>).</summary>
    public Shape? Not { get; init; }
}
