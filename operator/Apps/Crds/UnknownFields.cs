using System.Collections.Immutable;
using System.Text.Json;

namespace Fleet.Apps;

/// <summary>Finds the fields of a spec that this version's schema does not declare: a server with the same CRD keeps none, one with a newer CRD may.</summary>
internal static class UnknownFields
{
    /// <summary>No more than these are named: they go into a condition's message.</summary>
    internal const int Most = 10;

    /// <summary>The paths of the unknown fields, in the order of the object.</summary>
    /// <param name="schema">That of a spec.</param>
    /// <param name="spec">The spec, as the server sent it.</param>
    internal static ImmutableArray<string> Of(Schema schema, JsonElement spec) => [.. Within(schema, spec, "spec").Take(Most)];

    private static IEnumerable<string> Within(Schema schema, JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Object when schema.AdditionalProperties is { } entry => value.EnumerateObject().SelectMany(p => Within(entry, p.Value, $"{path}[{p.Name}]")),
        // An object that declares nothing is the server's business, or anything at all, as podTemplate is.
        JsonValueKind.Object when schema.Properties.Count > 0 => value.EnumerateObject().SelectMany(p =>
            schema.Properties.TryGetValue(p.Name, out var property) ? Within(property, p.Value, $"{path}.{p.Name}")
            : schema.PreservesUnknownFields ? [] : [$"{path}.{p.Name}"]),
        JsonValueKind.Array when schema.Items is { } items => value.EnumerateArray().SelectMany((item, i) => Within(items, item, $"{path}[{i}]")),
        _ => [],
    };
}
