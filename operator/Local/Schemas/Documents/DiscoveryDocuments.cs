using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>What a server says of the kinds that it serves. Rule: kubernetes.io, "The Kubernetes API", API discovery.</summary>
public static class DiscoveryDocuments
{
    /// <summary>The content type of the aggregated form, which names what is asked for.</summary>
    /// <param name="version"><c>v2</c> or <c>v2beta1</c>.</param>
    public static string AggregatedType(string version) => $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList";

    /// <summary><c>/api</c>.</summary>
    public static JsonObject Api() => new() { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1"), ["serverAddressByClientCIDRs"] = new JsonArray() };

    /// <summary><c>/apis</c>.</summary>
    /// <param name="kinds">All kinds served.</param>
    public static JsonObject Groups(IEnumerable<ServedKind> kinds) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. kinds.Select(k => k.Resource.Group).Where(g => g.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(g => GroupOf(kinds, g))]),
    };

    /// <summary><c>/apis/{group}</c>; null when nothing is served of the group.</summary>
    /// <param name="kinds">All kinds served.</param>
    /// <param name="group">The group.</param>
    public static JsonObject? Group(IEnumerable<ServedKind> kinds, string group)
    {
        if (kinds.All(k => k.Resource.Group != group))
            return null;
        var found = GroupOf(kinds, group);
        found.Insert(0, "kind", "APIGroup");
        found.Insert(1, "apiVersion", "v1");
        return found;
    }

    /// <summary><c>/api/v1</c> and <c>/apis/{group}/{version}</c>; null when nothing is served of the version.</summary>
    /// <param name="kinds">All kinds served.</param>
    /// <param name="apiVersion"><c>v1</c>, <c>apps/v1</c>.</param>
    public static JsonObject? ResourceList(IEnumerable<ServedKind> kinds, string apiVersion)
    {
        ServedKind[] served = [.. Of(kinds, apiVersion)];
        return served.Length == 0 ? null : new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = apiVersion,
            ["resources"] = new JsonArray([.. served.SelectMany(ResourcesOf)]),
        };
    }

    /// <summary>The aggregated form of <c>/api</c> (the core group) or <c>/apis</c> (all others).</summary>
    /// <param name="kinds">All kinds served.</param>
    /// <param name="core">Whether it is for <c>/api</c>.</param>
    /// <param name="version"><c>v2</c> or <c>v2beta1</c>.</param>
    public static JsonObject Aggregated(IEnumerable<ServedKind> kinds, bool core, string version) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
        ["metadata"] = new JsonObject(),
        ["items"] = new JsonArray([.. kinds
            .Where(k => k.Resource.Group.Length == 0 == core)
            .GroupBy(k => k.Resource.Group, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new JsonObject
            {
                ["metadata"] = core ? new JsonObject() : new JsonObject { ["name"] = g.Key },
                ["versions"] = new JsonArray([.. VersionsOf(g).Select(v => new JsonObject
                {
                    ["version"] = v,
                    ["resources"] = new JsonArray([.. g.Where(k => k.Resource.Version == v).OrderBy(k => k.Resource.Plural, StringComparer.Ordinal).Select(Discovered)]),
                    ["freshness"] = "Current",
                })]),
            })]),
    };

    private static IEnumerable<ServedKind> Of(IEnumerable<ServedKind> kinds, string apiVersion) =>
        kinds.Where(k => k.Resource.ApiVersion == apiVersion).OrderBy(k => k.Resource.Plural, StringComparer.Ordinal);

    private static JsonObject GroupOf(IEnumerable<ServedKind> kinds, string group)
    {
        JsonObject[] versions = [.. VersionsOf(kinds.Where(k => k.Resource.Group == group)).Select(v => new JsonObject { ["groupVersion"] = $"{group}/{v}", ["version"] = v })];
        return new() { ["name"] = group, ["versions"] = new JsonArray([.. versions]), ["preferredVersion"] = versions[0].DeepClone() };
    }

    private static IEnumerable<string> VersionsOf(IEnumerable<ServedKind> kinds) => kinds.Select(k => k.Resource.Version).Distinct(StringComparer.Ordinal).Order(VersionPriority.Instance);

    private static IEnumerable<JsonObject> ResourcesOf(ServedKind kind)
    {
        var resource = kind.Resource;
        var main = new JsonObject
        {
            ["name"] = resource.Plural,
            ["singularName"] = kind.Singular,
            ["namespaced"] = resource.Namespaced,
            ["kind"] = resource.Kind,
            ["verbs"] = Strings(kind.Verbs),
        };
        if (kind.ShortNames.Length > 0)
            main["shortNames"] = Strings(kind.ShortNames);
        if (kind.Categories.Length > 0)
            main["categories"] = Strings(kind.Categories);
        return [main, .. kind.Subresources.Select(s => OfSubresource(resource, s))];
    }

    private static JsonObject OfSubresource(Resource resource, Subresource sub)
    {
        var told = new JsonObject { ["name"] = $"{resource.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = resource.Namespaced };
        if (sub.Body.ApiVersion != resource.ApiVersion)
        {
            told["group"] = sub.Body.Group;
            told["version"] = sub.Body.Version;
        }

        told["kind"] = sub.Body.Kind;
        told["verbs"] = Strings(sub.Verbs);
        return told;
    }

    private static JsonObject Discovered(ServedKind kind)
    {
        var told = new JsonObject
        {
            ["resource"] = kind.Resource.Plural,
            ["responseKind"] = KindOf(kind.Resource),
            ["scope"] = kind.Resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = kind.Singular,
            ["verbs"] = Strings(kind.Verbs),
        };
        if (kind.ShortNames.Length > 0)
            told["shortNames"] = Strings(kind.ShortNames);
        if (kind.Categories.Length > 0)
            told["categories"] = Strings(kind.Categories);
        JsonObject[] subresources = [.. kind.Subresources.Select(s => new JsonObject { ["subresource"] = s.Name, ["responseKind"] = KindOf(s.Body), ["verbs"] = Strings(s.Verbs) })];
        if (subresources.Length > 0)
            told["subresources"] = new JsonArray([.. subresources]);
        return told;
    }

    private static JsonObject KindOf(Resource resource) => new() { ["group"] = resource.Group, ["version"] = resource.Version, ["kind"] = resource.Kind };

    private static JsonArray Strings(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)t)]);
}
