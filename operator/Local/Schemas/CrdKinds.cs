using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>The kinds that a CustomResourceDefinition adds.</summary>
public static class CrdKinds
{
    /// <summary>One kind for every version that is served.</summary>
    /// <param name="crd">A CustomResourceDefinition (apiextensions.k8s.io/v1) with its defaults filled in.</param>
    public static IReadOnlyList<ServedKind> Of(JsonObject crd)
    {
        var spec = crd.Object("spec") ?? [];
        return [.. spec.List("versions").Where(v => v.Is("served")).Select(v => KindOf(spec, v))];
    }

    private static ServedKind KindOf(JsonObject spec, JsonObject version)
    {
        var names = spec.Object("names") ?? [];
        var kind = names.Text("kind") ?? "";
        return new()
        {
            Resource = new(spec.Text("group") ?? "", version.Text("name") ?? "", kind, names.Text("plural") ?? "", Namespaced: spec.Text("scope") != "Cluster"),
            Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
            ListKind = names.Text("listKind") ?? $"{kind}List",
            ShortNames = [.. names.Texts("shortNames")],
            Categories = [.. names.Texts("categories")],
            Shape = SchemaShapes.OfRoot(version.Object("schema", "openAPIV3Schema") ?? [], TypeName(spec, version, kind)),
            HasStatus = version.Object("subresources", "status") is not null,
            Scale = version.Object("subresources", "scale") is { } scale
                ? new(scale.Text("specReplicasPath") ?? "", scale.Text("statusReplicasPath") ?? "", scale.Text("labelSelectorPath"))
                : null,
            HasGeneration = true,
            Columns = ColumnsOf(version),
        };
    }

    /// <summary>As OpenAPI names them: the group turned round, the version, the kind.</summary>
    private static string TypeName(JsonObject spec, JsonObject version, string kind) =>
        $"{string.Join('.', (spec.Text("group") ?? "").Split('.').Reverse())}.{version.Text("name")}.{kind}";

    private static ImmutableArray<Column> ColumnsOf(JsonObject version)
    {
        JsonObject[] declared = [.. version.List("additionalPrinterColumns")];
        return declared.Length == 0 ? [Cells.Age] : [.. declared.Select(ColumnOf)];
    }

    private static Column ColumnOf(JsonObject column)
    {
        var (type, path) = (column.Text("type") ?? "string", JsonPath.Parse(column.Text("jsonPath") ?? ""));
        return new(column.Text("name") ?? "", type, (obj, now) => Cells.Of(type, path.First(obj), now), (int)(column.Whole("priority") ?? 0), column.Text("description") ?? "");
    }
}
