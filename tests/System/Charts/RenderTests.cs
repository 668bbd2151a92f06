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
