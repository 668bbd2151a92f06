using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>
/// The Roles of the chart against what the operators of the whole suite asked for, as the API server's audit log has it. The first part uses every rule once,
/// so that this test says the same when it runs alone.
/// </summary>
[Collection(Last.Name)]
[Trait("Needs", "RealControlPlane")]
public class PermissionTests(ITestOutputHelper output) : AppTest(output)
{
    // Rules of kinds that not every cluster serves.
    private static readonly HashSet<(string Group, string Plural)> Optional = [.. OptionalKinds.All.Append(Resources.Gateways).Select(k => (k.Group, k.Plural))];

    private const string Fixed = "replicas: 2";
    private const string Scaled = "autoscaling: { minReplicas: 2, maxReplicas: 3, cpuUtilization: 70 }, resources: { requests: { cpu: 10m } }";

    // An app that has one object of every kind at least. What a kind needs in the spec belongs here as soon as the operator makes it.
    private const string Everything = $$"""
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: everything }
        spec:
          services:
          - { name: first, port: 80, protocol: HTTP, image: "example/first:1", {{Fixed}}, disruption: {}, envFrom: [{ configMapRef: { name: texts } }, { secretRef: { name: words } }] }
          - { name: second, port: 80, protocol: HTTP, image: "example/second:1" }
          gateway: { port: 80 }
          networkPolicy: { mode: FromGraph }
        """;

    private const string Little = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: everything }
        spec:
          services:
          - { name: second, port: 80, protocol: HTTP, image: "example/second:1" }
        """;

    [Fact]
    public async Task Every_request_is_named_by_a_Role_and_every_rule_was_used()
    {
        if (!OperatorAccount.CanBeHad)
            return;
        await UseEveryRuleAsync();

        var rules = await OperatorRules.RenderAsync();
        var requests = Asked();
        Output.WriteLine($"{requests.Count} requests of {requests.Select(r => r.Entry.User.Username).Distinct(StringComparer.Ordinal).Count()} accounts, {rules.Count} rules");

        var unnamed = requests.Where(r => !rules.Any(rule => rule.Allows(r.Asked!))).Select(r => r.Asked).Distinct().ToList();
        Assert.True(unnamed.Count == 0, $"asked for, and named by no Role: {string.Join("; ", unnamed)}");

        var refused = OperatorRules.RefusedForGood(requests.Select(r => r.Entry));
        Assert.True(refused.Count == 0, $"refused for good: {string.Join("; ", refused.Take(20))}");

        // A kind that the server does not serve is asked for and never found; nothing else can be done with it.
        var served = requests.Where(r => r is { Entry.Code: 200, Asked.Verb: "list" }).Select(r => (r.Asked!.Group, r.Asked.Resource)).ToHashSet();
        // A watch is in the log once it has ended, which the server notices a moment after the operator has.
        await Eventually.That(
            () => Task.FromResult(Unused(Asked())), unused => unused.Count == 0, describe: unused => string.Join("; ", unused), what: "nothing is allowed, and never asked for");

        List<OperatorRules> Unused(IReadOnlyCollection<(AuditEntry Entry, OperatorRules? Asked)> asked) =>
        [
            .. rules.Where(rule => !asked.Any(r => !r.Entry.IsForbidden && rule.Allows(r.Asked!)))
                .Where(rule => !Optional.Contains((rule.Group, rule.Resource)) || served.Contains((rule.Group, rule.Resource))),
        ];
    }

    private List<(AuditEntry Entry, OperatorRules? Asked)> Asked() =>
        [.. Cluster.AuditLog.All().Where(IsOperator).Select(e => (Entry: e, Asked: OperatorRules.Of(e))).Where(r => r.Asked is not null)];

    private static bool IsOperator(AuditEntry entry) =>
        entry.UserAgent.StartsWith("fleet-operator/", StringComparison.Ordinal) && entry.User.Username.StartsWith("system:serviceaccount:", StringComparison.Ordinal)
        && entry.User.Username.EndsWith($":{Chart.Release}", StringComparison.Ordinal);

    private async Task UseEveryRuleAsync()
    {
        await Kubectl.RunAsync("create configmap texts --from-literal a=b");
        await Kubectl.RunAsync("create secret generic words --from-literal c=d");
        var process = await StartOperatorAsync();
        await Kubectl.ApplyAsync((await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 23) ? Everything.Replace(Fixed, Scaled, StringComparison.Ordinal) : Everything);
        var app = await ReadyAsync("everything");

        // An object whose label is taken off is gone as far as the watch tells: it is created again, which fails, is read, found to be ours, and applied.
        var children = new Dictionary<Resource, string>();
        foreach (var kind in AppCaches.ChildKinds)
        {
            if (await FirstChildAsync(kind, app.Metadata.Uid!) is not { } child)
                continue;
            children.Add(kind, child);
            await Kubectl.RunAsync($"label {kind} {child} {Keys.App}-");
            await Eventually.True(async () => (await ChildAsync(kind, child))!.Metadata.Label(Keys.App) == "everything");
        }

        // The second time the same happens it is no new Event, but a count, written at the end at the latest.
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await Kubectl.RunAsync("scale deployment/everything-second --replicas 3");
            await Eventually.True(async () => (await ChildAsync(Resources.Deployments, "everything-second"))!.Part("spec").GetProperty("replicas").GetInt32() == 1);
        }

        await Kubectl.ApplyAsync(Little);
        await ReadyAsync("everything");
        foreach (var (kind, child) in children.Where(c => !c.Value.EndsWith("-second", StringComparison.Ordinal)))
            await Eventually.True(async () => await ChildAsync(kind, child) is null, what: $"{kind} {child} is gone");
        Assert.Equal(0, await process.TerminateAsync());
    }

    // That of the service that goes, or of the gateway, so that it is deleted in the end.
    private async Task<string?> FirstChildAsync(Resource kind, string uid)
    {
        var names = new List<string>();
        try
        {
            await foreach (var page in Api.ListAsync(Kinds.MetadataOf(kind), new(Namespace), CancellationToken.None))
                names.AddRange(page.Items.Where(i => i.Metadata.IsOwnedBy(uid)).Select(i => i.Metadata.Name));
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null; // not served here
        }

        return names.Order(StringComparer.Ordinal).FirstOrDefault();
    }
}
