using System.Collections.Immutable;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>The columns that <c>kubectl get</c> shows of the built-in kinds.</summary>
internal static class BuiltInColumns
{
    internal static ImmutableArray<Column> Of(Resource resource) => [];
}
