using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What stands in a table's rows beside the cells.</summary>
public enum IncludeObject
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The metadata, which is what clients get that say nothing.</summary>
    Metadata,

    /// <summary>The whole object.</summary>
    Object,
}

/// <summary>Objects as the table (meta.k8s.io/v1) that <c>kubectl get</c> prints. Rule: kubernetes.io, "Kubernetes API Concepts", receiving resources as tables.</summary>
public static class Tables
{
    /// <summary>A table.</summary>
    /// <param name="kind">The kind of the objects.</param>
    /// <param name="objects">The rows; not changed.</param>
    /// <param name="now">The time from which ages are counted.</param>
    /// <param name="include">What stands beside the cells.</param>
    /// <param name="listMetadata">The metadata of the list: resourceVersion, continue.</param>
    /// <param name="withColumns">Whether the headings are said; in a watch they are said once.</param>
    public static JsonObject Render(ServedKind kind, IEnumerable<JsonObject> objects, DateTimeOffset now, IncludeObject include = IncludeObject.Metadata, JsonObject? listMetadata = null, bool withColumns = true)
    {
        // Only Events say where their name stands.
        Column[] columns = kind.Columns.Any(c => c.Name == Cells.Name.Name) ? [.. kind.Columns] : [Cells.Name, .. kind.Columns];
        return new()
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = listMetadata?.DeepClone() ?? new JsonObject(),
            ["columnDefinitions"] = new JsonArray([.. withColumns ? columns.Select(Definition) : []]),
            ["rows"] = new JsonArray([.. objects.Select(o => new JsonObject
            {
                ["cells"] = new JsonArray([.. columns.Select(c => c.Value(o, now))]),
                ["object"] = Included(o, include),
            })]),
        };
    }

    private static JsonObject Definition(Column column) => new()
    {
        ["name"] = column.Name,
        ["type"] = column.Type,
        ["format"] = column == Cells.Name || column.Name == Cells.Name.Name ? "name" : "",
        ["description"] = column.Description,
        ["priority"] = column.Priority,
    };

    private static JsonNode? Included(JsonObject obj, IncludeObject include) => include switch
    {
        IncludeObject.None => null,
        IncludeObject.Object => obj.DeepClone(),
        _ => new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = obj["metadata"]?.DeepClone() },
    };
}
