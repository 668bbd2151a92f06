using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Fleet.Apps;

/// <summary>One step into an object: a field, or the entry of a list.</summary>
/// <param name="Field">The field's name; null for a list entry.</param>
/// <param name="Key">The fields that tell the entry apart, with their values; empty for a field or an entry told by its place.</param>
/// <param name="Index">The entry's place in the live list; -1 for a field.</param>
public readonly record struct PathStep(string? Field, ImmutableArray<(string Name, string Value)> Key, int Index)
{
    /// <summary>A field.</summary>
    public static PathStep To(string field) => new(field, [], -1);

    /// <summary>What is there below a value: with its place where it is an entry of a list, -1 where it is a field. Null when there is nothing.</summary>
    public (JsonElement Value, int Index)? In(JsonElement parent)
    {
        if (Field is { } field)
            return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(field, out var child) ? (child, -1) : null;
        if (parent.ValueKind != JsonValueKind.Array)
            return null;
        foreach (var (index, entry) in parent.EnumerateArray().Index())
        {
            if (entry.ValueKind == JsonValueKind.Object && Key.All(k => IsKey(entry, k.Name, k.Value)))
                return (entry, index);
        }

        return null;
    }

    /// <summary>A value as part of a key.</summary>
    internal static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    // A port's protocol is TCP when it is not said.
    private static bool IsKey(JsonElement entry, string name, string value) =>
        entry.TryGetProperty(name, out var own) ? Text(own) == value : name == "protocol" && value == "TCP";
}

/// <summary>The way to a field, as people write it and as managedFields and JSON Pointers do.</summary>
public sealed record FieldPath(ImmutableArray<PathStep> Steps)
{
    /// <summary>The way to what this leads into.</summary>
    public FieldPath Parent => new(Steps[..^1]);

    /// <summary>What the way leads to in an object, or null.</summary>
    public JsonElement? In(JsonElement root)
    {
        foreach (var step in Steps)
        {
            if (step.In(root) is not var (below, _))
                return null;
            root = below;
        }

        return root;
    }

    /// <summary><c>.spec.template.spec.containers[users].image</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var step in Steps)
        {
            if (step.Field is null)
                text.Append('[').Append(step.Key.IsEmpty ? step.Index.ToString() : string.Join(',', step.Key.Select(k => k.Value))).Append(']');
            else if (step.Field.AsSpan().IndexOfAny("./") >= 0)
                text.Append('[').Append(step.Field).Append(']');
            else
                text.Append('.').Append(step.Field);
        }

        return text.ToString();
    }

    /// <summary>RFC 6901, with list entries by their place.</summary>
    public string ToJsonPointer() => string.Concat(Steps.Select(s =>
        s.Field is null ? $"/{s.Index}" : "/" + s.Field.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}

/// <summary>A field that is not as desired.</summary>
/// <param name="Path">Where.</param>
/// <param name="Desired">What is wanted; undefined when nothing should be there.</param>
/// <param name="Live">What is there; undefined when the field is missing.</param>
public sealed record Difference(FieldPath Path, JsonElement Desired, JsonElement Live)
{
    /// <summary>An entry or field of somebody else's in what is ours whole.</summary>
    public bool IsExtra => Desired.ValueKind == JsonValueKind.Undefined;

    /// <summary>An entry of ours that a list lacks.</summary>
    public bool IsMissingEntry => Live.ValueKind == JsonValueKind.Undefined && Path.Steps is [.., { Field: null, Key.IsEmpty: false }];

    /// <summary>The field and its live value: what an answer of the server is remembered by.</summary>
    public string LiveText => $"{Path}={(Live.ValueKind == JsonValueKind.Undefined ? "" : Live.GetRawText())}";
}
