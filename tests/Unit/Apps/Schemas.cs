using Fleet.Apps;

namespace Fleet.Unit.Apps;

/// <summary>Walks over schemas.</summary>
internal static class Schemas
{
    /// <summary>A schema and all within it, with paths such as <c>spec.services[].port</c> and <c>spec.commonLabels[*]</c>.</summary>
    internal static IEnumerable<(string Path, Schema Schema)> Within(Schema schema, string path = "") =>
    [
        (path, schema),
        .. schema.Properties.SelectMany(p => Within(p.Value, path.Length == 0 ? p.Key : $"{path}.{p.Key}")),
        .. schema.Items is { } items ? Within(items, $"{path}[]") : [],
        .. schema.AdditionalProperties is { } entries ? Within(entries, $"{path}[*]") : [],
    ];
}
