using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>An operator of some namespaces, without the right to Secrets and Roles, started with the very arguments of the rendered Deployment.</summary>
[Trait("Needs", "RealControlPlane")]
public class NamespacesTests(ITestOutputHelper output) : AppTest(output)
{
    private static readonly string[] Restricted = ["--set", "secrets=none,gatewayRBAC=false"];

    /// <inheritdoc/>
    protected override bool HasAccount => false;

    [Fact]
    public async Task Two_namespaces_are_run_and_no_Secret_nor_Role_is_touched()
    {
        if (!OperatorAccount.CanBeHad)
            return;
        await using var one = await TestNamespace.CreateAsync(Api);
        await using var two = await TestNamespace.CreateAsync(Api);
        await using var account = await OperatorAccount.InstallAsync(Cluster, Api, Namespace, [one.Name, two.Name], Restricted);
        var start = await Cluster.AuditLog.NowAsync();
        var process = await StartOperatorAsync(await AsDeployedAsync(account, "--set", $"watchNamespaces={{{one},{two}}}"));

        // The app refers to a Secret that is not there: its pods are to tell.
        var manifest = Shop.Replace("gateway:", "- { name: web, port: 80, protocol: HTTP, image: \"example/web:1\", envFrom: [{ secretRef: { name: nowhere } }] }\n  gateway:", StringComparison.Ordinal);
        using var rule = Node.Behave(pod => (pod.Namespace == one.Name || pod.Namespace == two.Name) && pod.Label(Keys.Service) == "web" ? new PodBehaviour.CreateContainerConfigError("secret \"nowhere\" not found") : null);
        foreach (var ns in (string[])[one.Name, two.Name, Namespace])
            await Cluster.Kubectl(ns).ApplyAsync(manifest);
        foreach (var ns in (string[])[one.Name, two.Name])
        {
            var app = await Eventually.That(
                () => Api.GetAsync(MicroserviceApp.Type, ns, "shop", CancellationToken.None),
                a => a.Status is { } status && status.Services.Any(s => s is { Name: "web", Reason: Reasons.ConfigMissing }) && status.Services.Any(s => s is { Name: "gateway", State: ServicePhase.Active }));
            Assert.Contains("nowhere", app.Status!.Services.Single(s => s.Name == "web").Message, StringComparison.Ordinal);
            var gateway = await Api.GetAsync(Kinds.Raw(Resources.Deployments), ns, "shop-gateway", CancellationToken.None);
            Assert.DoesNotContain("ROUTES_CONFIGMAP", gateway.Json.GetRawText(), StringComparison.Ordinal);
        }

        // A change in each is seen in each: both are watched.
        await Cluster.Kubectl(two.Name).RunAsync("scale deployment/shop-auth --replicas 3");
        await Eventually.That(() => Api.GetAsync(MicroserviceApp.Type, two.Name, "shop", CancellationToken.None), a => a.Status?.Drift?.Count == 1);
        Assert.Null((await AppAsync()).Status); // of this namespace nobody spoke

        Assert.Equal(0, await process.TerminateAsync());
        var asked = (await Cluster.AuditLog.SinceAsync(start)).Where(e => e.User.Username == OperatorAccount.User(Namespace) && e.ObjectRef is not null).ToList();
        Assert.DoesNotContain(asked, e => e.IsForbidden);
        Assert.DoesNotContain(asked, e => e.ObjectRef!.Resource is "secrets" or "roles" or "rolebindings");
        Assert.All(asked.Where(e => e.ObjectRef!.Resource is not "customresourcedefinitions"), e => Assert.Contains(e.ObjectRef!.Namespace, (string[])[one.Name, two.Name, Namespace]));
        Assert.All(asked.Where(e => e.ObjectRef!.Namespace == Namespace), e => Assert.Contains(e.ObjectRef!.Resource, (string[])["leases", "events"]));
    }

    [Fact]
    public async Task The_whole_cluster_is_run_with_the_arguments_of_the_chart()
    {
        if (!OperatorAccount.CanBeHad)
            return;
        await using var elsewhere = await TestNamespace.CreateAsync(Api);
        await using var account = await OperatorAccount.InstallAsync(Cluster, Api, Namespace, []);
        var start = await Cluster.AuditLog.NowAsync();
        var process = await StartOperatorAsync(await AsDeployedAsync(account));
        await Cluster.Kubectl(elsewhere.Name).ApplyAsync(Shop);
        await ReadyShopAsync();
        await Eventually.That(
            () => Api.GetAsync(MicroserviceApp.Type, elsewhere.Name, "shop", CancellationToken.None), a => a.Status is { } status && Is(status, Conditions.Ready, ConditionStatus.True));
        Assert.Equal(0, await process.TerminateAsync());
        var asked = (await Cluster.AuditLog.SinceAsync(start)).Where(e => e.User.Username == OperatorAccount.User(Namespace) && e.ObjectRef is not null).ToList();
        Assert.DoesNotContain(asked, e => e.IsForbidden || e.ObjectRef!.Resource == "secrets"); // none is the default for a whole cluster
    }

    private async Task<Func<OperatorStart, OperatorStart>> AsDeployedAsync(OperatorAccount account, params string[] scope)
    {
        string[] restricted = scope.Length > 0 ? Restricted : [];
        var rendered = await Chart.RenderAsync(Namespace, ["--set", "crds.install=false", .. restricted, .. scope]);
        var deployment = rendered.Single(o => (string?)o["kind"] == "Deployment");
        var arguments = deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => (string)a!).ToList();
        Assert.Equal("run", arguments[0]);
        // The test's own: a free port, and the log that it reads.
        return o => o with
        {
            Kubeconfig = account.Kubeconfig, WatchNamespace = null, LeaseNamespace = Namespace,
            Arguments = [.. arguments.Skip(1).Where(a => !a.StartsWith("--health-port", StringComparison.Ordinal) && !a.StartsWith("--log-format", StringComparison.Ordinal))],
        };
    }
}
