using System.Collections.Immutable;
using System.Text.Json;

namespace Fleet.Local.Controllers;

/// <summary>metav1.LabelSelector: every part must hold. One without parts selects everything, and none at all nothing.</summary>
internal sealed class LabelSelector
{
    /// <summary>Selects nothing.</summary>
    public static readonly LabelSelector Nothing = new(null);

    private readonly ImmutableArray<Func<IReadOnlyDictionary<string, string>, bool>>? _parts;

    private LabelSelector(ImmutableArray<Func<IReadOnlyDictionary<string, string>, bool>>? parts) => _parts = parts;

    /// <summary>Reads the structured form of workloads and budgets.</summary>
    public static LabelSelector Read(JsonElement selector)
    {
        if (selector.ValueKind != JsonValueKind.Object)
            return Nothing;
        return new([.. Equal(selector.At("matchLabels")), .. selector.At("matchExpressions").Items().Select(Expression)]);
    }

    /// <summary>Reads the plain form of Services, where an empty one selects nothing.</summary>
    public static LabelSelector ReadMap(JsonElement selector) =>
        selector.ValueKind == JsonValueKind.Object && selector.EnumerateObject().Any() ? new([.. Equal(selector)]) : Nothing;

    /// <summary>Whether labels are selected.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) => _parts is { } parts && parts.All(part => part(labels));

    private static IEnumerable<Func<IReadOnlyDictionary<string, string>, bool>> Equal(JsonElement labels) =>
        labels.Texts().Select(wanted => (Func<IReadOnlyDictionary<string, string>, bool>)(has => has.TryGetValue(wanted.Key, out var value) && value == wanted.Value));

    private static Func<IReadOnlyDictionary<string, string>, bool> Expression(JsonElement expression)
    {
        var key = expression.At("key").Text() ?? "";
        var values = expression.At("values").Items().Select(v => v.Text()).ToHashSet(StringComparer.Ordinal);
        return expression.At("operator").Text() switch
        {
            "In" => has => has.TryGetValue(key, out var value) && values.Contains(value),
            "NotIn" => has => !has.TryGetValue(key, out var value) || !values.Contains(value),
            "Exists" => has => has.ContainsKey(key),
            "DoesNotExist" => has => !has.ContainsKey(key),
            _ => _ => false,
        };
    }
}
