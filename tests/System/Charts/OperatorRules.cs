using System.Text.Json.Nodes;
using Fleet.Testing;

namespace Fleet.SystemTests.Charts;

/// <summary>One thing that the operator's Roles allow.</summary>
/// <param name="Group">The API group; empty for the core.</param>
/// <param name="Resource">The plural, with its subresource when it is one.</param>
/// <param name="Verb">The verb.</param>
/// <param name="Name">The one object it is allowed on; null for all.</param>
internal sealed record OperatorRules(string Group, string Resource, string Verb, string? Name)
{
    /// <summary>What a request asks for, or null where it is about no resource.</summary>
    internal static OperatorRules? Of(AuditEntry entry) => entry.ObjectRef is not { } about ? null
        : new(about.ApiGroup ?? "", about.Subresource is null ? about.Resource : $"{about.Resource}/{about.Subresource}", entry.Verb, about.Name);

    /// <summary>Whether this rule allows what a request asks for.</summary>
    internal bool Allows(OperatorRules asked) => (Group, Resource, Verb) == (asked.Group, asked.Resource, asked.Verb) && (Name is null || Name == asked.Name);

    /// <summary>
    /// What was refused and never allowed since. An API server that has just started knows no Roles yet: what it refuses then it allows a moment later.
    /// </summary>
    internal static IReadOnlyList<AuditEntry> RefusedForGood(IEnumerable<AuditEntry> entries)
    {
        var asked = entries.Select(e => (Entry: e, What: (e.User.Username, Of(e) is { } rule ? rule with { Name = null } : null, e.ObjectRef?.Namespace))).Where(a => a.What.Item2 is not null).ToList();
        var allowed = asked.Where(a => !a.Entry.IsForbidden).ToLookup(a => a.What, a => a.Entry.Received);
        return [.. asked.Where(a => a.Entry.IsForbidden && !allowed[a.What].Any(at => at > a.Entry.Received)).Select(a => a.Entry)];
    }

    /// <summary>All that the chart allows the operator, in one namespace and cluster-wide, one verb each.</summary>
    internal static async Task<IReadOnlyList<OperatorRules>> RenderAsync()
    {
        string[] common = ["--no-hooks", "--set", "crds.install=false,rbac.aggregate=false"];
        return
        [
            .. In(await Chart.RenderAsync("fleet-system", [.. common, "--set", "secrets=cluster"]))
                .Concat(In(await Chart.RenderAsync("fleet-system", [.. common, "--set", "watchNamespaces={demo}"])))
                .Distinct(),
        ];
    }

    private static IEnumerable<OperatorRules> In(IEnumerable<JsonObject> rendered) =>
        from role in rendered
        where (string?)role["kind"] is "Role" or "ClusterRole"
        from rule in role["rules"]!.AsArray()
        from @group in Texts(rule!, "apiGroups")
        from resource in Texts(rule!, "resources")
        from verb in Texts(rule!, "verbs")
        from name in rule!["resourceNames"] is null ? (string?[])[null] : Texts(rule, "resourceNames")
        select new OperatorRules(@group!, resource!, verb!, name);

    private static IEnumerable<string?> Texts(JsonNode rule, string field) => rule[field]!.AsArray().Select(v => (string?)v);
}
