namespace Fleet.Apps;

/// <summary>Names the custom resource that a class is the root of. The words are KubeOps'.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KubernetesEntityAttribute : Attribute
{
    /// <summary>The API group.</summary>
    public required string Group { get; init; }

    /// <summary>The version within the group.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The lower-case plural.</summary>
    public required string PluralName { get; init; }

    /// <summary>Short names for kubectl.</summary>
    public string[] ShortNames { get; init; } = [];

    /// <summary>Groups of kinds for kubectl, <c>all</c> for instance.</summary>
    public string[] Categories { get; init; } = [];
}

/// <summary>A column of <c>kubectl get</c>.</summary>
/// <param name="jsonPath">Where the value is.</param>
/// <param name="name">The column's heading.</param>
/// <param name="type">string, integer, boolean or date.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class AdditionalPrinterColumnAttribute(string jsonPath, string name, string type = "string") : Attribute
{
    /// <summary>Where the value is.</summary>
    public string JsonPath { get; } = jsonPath;

    /// <summary>The column's heading.</summary>
    public string Name { get; } = name;

    /// <summary>string, integer, boolean or date.</summary>
    public string Type { get; } = type;

    /// <summary>0 is always shown, above 0 only with <c>-o wide</c>.</summary>
    public int Priority { get; init; }
}

/// <summary>A CEL rule, which API servers from 1.25 on check; <see cref="AppRules"/> holds the same rule for all servers.</summary>
/// <param name="rule">The CEL expression over <c>self</c>.</param>
/// <param name="message">What the user reads: the same words as <see cref="AppRules"/> uses.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, AllowMultiple = true)]
public sealed class ValidationRuleAttribute(string rule, string message) : Attribute
{
    /// <summary>The CEL expression over <c>self</c>.</summary>
    public string Rule { get; } = rule;

    /// <summary>What the user reads.</summary>
    public string Message { get; } = message;
}

/// <summary>The list is a map: entries are told apart by these fields (<c>x-kubernetes-list-type: map</c>).</summary>
/// <param name="keys">The fields, by their JSON names.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListMapKeysAttribute(params string[] keys) : Attribute
{
    /// <summary>The fields, by their JSON names.</summary>
    public string[] Keys { get; } = keys;
}

/// <summary>The list is a set: no entry comes twice (<c>x-kubernetes-list-type: set</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UniqueItemsAttribute : Attribute;

/// <summary>Bounds for the strings in a list or the keys and values of a map: CEL's cost and etcd's size depend on them.</summary>
/// <param name="maxLength">The longest allowed string, in characters.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemsAttribute(int maxLength) : Attribute
{
    /// <summary>The longest allowed string, in characters.</summary>
    public int MaxLength { get; } = maxLength;

    /// <summary>The pattern each string must match; null for any.</summary>
    public string? Pattern { get; init; }
}

/// <summary>Any JSON object: nothing inside is checked or pruned.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PreserveUnknownFieldsAttribute : Attribute;
