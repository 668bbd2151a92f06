using System.Collections.Immutable;

namespace Fleet.Local.Schemas;

/// <summary>The kinds that the server serves without any CustomResourceDefinition; <c>Kinds/*.shapes</c> says them.</summary>
public static class BuiltInKinds
{
    private const string Extension = ".shapes";

    private static readonly Lazy<(ImmutableArray<ServedKind> Kinds, IReadOnlyDictionary<string, Shape> Types)> Read = new(() =>
    {
        var (kinds, types) = ShapeText.Read(typeof(BuiltInKinds).Assembly.GetManifestResourceNames()
            .Where(n => n.EndsWith(Extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Content));
        return ([.. kinds.Select(k => k with { Columns = BuiltInColumns.Of(k.Resource) })], types);
    });

    /// <summary>All of them, the groups in the order of their names.</summary>
    public static ImmutableArray<ServedKind> All => Read.Value.Kinds;

    /// <summary>Every type by its OpenAPI name, those of bodies that are no kind as well: <c>io.k8s.api.autoscaling.v1.Scale</c>, <c>...meta.v1.DeleteOptions</c>.</summary>
    public static IReadOnlyDictionary<string, Shape> Types => Read.Value.Types;

    /// <summary>The metadata that every object has.</summary>
    internal static Shape ObjectMeta => Types["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"];

    private static string Content(string name)
    {
        using var reader = new StreamReader(typeof(BuiltInKinds).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
