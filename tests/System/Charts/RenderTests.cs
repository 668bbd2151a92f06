using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Charts;

/// <summary>What the charts render, without a cluster: golden files under <c>tests/System/Charts/golden</c>, which <c>FLEET_GOLDEN=write</c> writes.</summary>
public sealed class RenderTests
{
    [Theory]
    [InlineData("default")]
    [InlineData("everything")]
    [InlineData("namespaces")]
    public async Task The_chart_renders_what_the_golden_file_says(string golden)
    {
        if (!Helm.IsThere)
            return;
        var folder = RepositoryRoot.Combine("tests", "System", "Charts", "golden");
        // The CRD has a test of its own, and would be most of the file.
        var result = await Chart.TryRenderAsync(Chart.Operator, "fleet-system", "--set", "crds.install=false", "--values", Path.Combine(folder, $"{golden}.values.yaml"));
        var (rendered, file) = (result.Succeeded().Out, Path.Combine(folder, $"{golden}.yaml"));
        if (Environment.GetEnvironmentVariable("FLEET_GOLDEN") == "write")
            await File.WriteAllTextAsync(file, rendered);
        var expected = File.Exists(file) ? await File.ReadAllTextAsync(file) : "";
        if (expected != rendered)
            throw new GoldenMismatchException(file, expected, rendered);
    }

    [Fact]
    public async Task Helm_finds_nothing_to_complain_about()
    {
        if (!Helm.IsThere)
            return;
        var home = Directory.CreateTempSubdirectory("fleet-helm-");
        var lint = await new Helm("/dev/null", "default").TryAsync(home.FullName, "lint", "--strict", Chart.Operator, Chart.Crds);
        home.Delete(recursive: true);
        Assert.Contains("2 chart(s) linted, 0 chart(s) failed", lint.Succeeded().Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replica=3", "replica")]
    [InlineData("replicas=many", "/replicas")]
    [InlineData("secrets=all", "/secrets")]
    [InlineData("gatewayRBAC=perhaps", "/gatewayRBAC")]
    [InlineData("image.name=x", "name")]
    [InlineData("log.level=loud", "/log/level")]
    [InlineData("watchNamespaces={De_mo}", "/watchNamespaces/0")]
    [InlineData("webhook.failurePolicy=Maybe", "/webhook/failurePolicy")]
    [InlineData("image.registry=", "/image/registry")]
    [InlineData("image.repository=", "/image/repository")]
    [InlineData("image.tag=.1", "/image/tag")]
    [InlineData("bundled.tag=-1", "/bundled/tag")]
    [InlineData("nameOverride=Fleet", "/nameOverride")]
    [InlineData("fullnameOverride=1st", "/fullnameOverride")]
    [InlineData("priorityClassName=very_high", "/priorityClassName")]
    [InlineData("imagePullSecrets[0].name=-a", "/imagePullSecrets/0/name")]
    [InlineData("serviceAccount.name=Operator", "/serviceAccount/name")]
    [InlineData("serviceAccount.create=false", "serviceAccount.name: name the account")]
    [InlineData("secrets=cluster,watchNamespaces={demo}", "secrets: cluster contradicts watchNamespaces")]
    [InlineData("secrets=namespaces", "secrets: namespaces needs watchNamespaces")]
    public async Task A_wrong_value_is_refused_by_its_name(string value, string named)
    {
        if (!Helm.IsThere)
            return;
        var result = await Chart.TryRenderAsync(Chart.Operator, "fleet-system", "--set", value);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image.tag=_1.2-rc.1")]
    [InlineData("nameOverride=2nd")]
    [InlineData("fullnameOverride=my-fleet")]
    [InlineData("imagePullSecrets[0].name=registry.example.com")]
    [InlineData("serviceAccount.create=false,serviceAccount.name=fleet.operator")]
    public async Task A_right_value_is_taken(string value)
    {
        if (!Helm.IsThere)
            return;
        (await Chart.TryRenderAsync(Chart.Operator, "fleet-system", "--set", value)).Succeeded();
    }

    [Theory]
    [InlineData("1.26.9", null)]
    [InlineData("1.27.0", "AlwaysAllow")]
    [InlineData("1.33.1-eks-1234567", "AlwaysAllow")]
    public async Task A_pod_that_never_became_ready_holds_up_no_drain_where_the_server_knows_how(string version, string? policy)
    {
        if (!Helm.IsThere)
            return;
        // Also where no cluster is asked which APIs it serves.
        var budget = Assert.Single(await Chart.RenderAsync("fleet-system", "--kube-version", version), o => (string?)o["kind"] == "PodDisruptionBudget");
        Assert.Equal(policy, (string?)budget["spec"]!["unhealthyPodEvictionPolicy"]);
    }

    [Fact]
    public async Task A_server_that_does_not_serve_disruption_budgets_is_sent_none()
    {
        if (!Helm.IsThere)
            return;
        Assert.DoesNotContain(await Chart.RenderAsync("fleet-system", "--kube-version", "1.20.2"), o => (string?)o["kind"] == "PodDisruptionBudget");
    }

    [Fact]
    public async Task As_plain_YAML_every_object_says_where_it_belongs_and_nothing_is_for_helm_alone()
    {
        if (!Helm.IsThere)
            return;
        string[] clusterWide = ["CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "ValidatingWebhookConfiguration"];
        var rendered = await Chart.RenderAsync("fleet-system", "--skip-tests", "--set", "webhook.enabled=true,metrics.serviceMonitor.enabled=true,metrics.dashboard.enabled=true");
        Assert.All(clusterWide, kind => Assert.Contains(rendered, o => (string?)o["kind"] == kind));
        Assert.All(rendered, o => Assert.Equal(clusterWide.Contains((string?)o["kind"]) ? null : "fleet-system", (string?)o["metadata"]!["namespace"]));
        Assert.DoesNotContain(rendered, o => o["metadata"]!["annotations"]?["helm.sh/hook"] is not null);
    }

    [Theory]
    [InlineData("fleet-operator")]
    [InlineData("fleet-operator-crds")]
    public async Task The_CRD_is_rendered_as_it_is_and_kept(string chart)
    {
        if (!Helm.IsThere)
            return;
        var rendered = (await Chart.TryRenderAsync(RepositoryRoot.Combine("charts", chart), "fleet-system", "--show-only", "templates/crd.yaml")).Succeeded().Out;
        var crd = Fleet.Kubernetes.Yaml.ParseOne(rendered);
        Assert.Equal("keep", (string?)crd["metadata"]!["annotations"]!["helm.sh/resource-policy"]);
        crd["metadata"]!["annotations"]!.AsObject().Remove("helm.sh/resource-policy");
        Assert.Equal(Fleet.Kubernetes.Yaml.ParseOne(Fleet.Apps.Crd.ToYaml()).ToJsonString(), crd.ToJsonString());
    }

    [Fact]
    public async Task Nothing_grants_what_would_grant_more()
    {
        if (!Helm.IsThere)
            return;
        var rules = (await OperatorRules.RenderAsync()).ToList();
        Assert.DoesNotContain(rules, r => r.Verb is "*" or "escalate" or "bind" or "impersonate" or "deletecollection" || r.Resource == "*" || r.Group == "*");
        Assert.DoesNotContain(rules, r => r is { Group: "apiextensions.k8s.io", Verb: not ("list" or "watch") });
        Assert.DoesNotContain(rules, r => r is { Resource: "secrets", Verb: not ("get" or "list" or "watch") });
    }
}
