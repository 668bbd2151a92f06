namespace Fleet.Local.ApiServer;

/// <summary>The path of a resource request, taken apart. Rule: kubernetes.io, "API concepts", resource URIs.</summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The version within the group.</param>
/// <param name="Namespace">The namespace; null for all of them and for kinds without.</param>
/// <param name="Plural">The kind's plural.</param>
/// <param name="Name">The object's name; null for the collection.</param>
/// <param name="Subresource"><c>status</c> for instance; null for the object itself.</param>
internal readonly record struct ResourcePath(string Group, string Version, string? Namespace, string Plural, string? Name, string? Subresource)
{
    private static readonly string[] OfNamespaces = ["status", "finalize"];

    /// <summary>Null when the path is not that of a resource.</summary>
    internal static ResourcePath? Of(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["api", var version, .. var rest] => Of("", version, rest),
            ["apis", var group, var version, .. var rest] => Of(group, version, rest),
            _ => null,
        };
    }

    private static ResourcePath? Of(string group, string version, string[] rest) => rest switch
    {
        ["namespaces", var name] => new(group, version, null, "namespaces", name, null),
        ["namespaces", var name, var subresource] when OfNamespaces.Contains(subresource) => new(group, version, null, "namespaces", name, subresource),
        ["namespaces", var ns, var plural] => new(group, version, ns, plural, null, null),
        ["namespaces", var ns, var plural, var name] => new(group, version, ns, plural, name, null),
        ["namespaces", var ns, var plural, var name, var subresource] => new(group, version, ns, plural, name, subresource),
        [var plural] => new(group, version, null, plural, null, null),
        [var plural, var name] => new(group, version, null, plural, name, null),
        [var plural, var name, var subresource] => new(group, version, null, plural, name, subresource),
        _ => null,
    };
}
