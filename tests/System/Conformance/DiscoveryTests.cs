using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>What the server tells about itself: to clients that look for kinds, and to people who ask what a field is.</summary>
public class DiscoveryTests : ConformanceTest
{
    [Fact]
    public async Task The_version_is_told()
    {
        var version = (await Wire.GetAsync("/version")).Is(200);
        Assert.Equal("1", version.Text("major"));
        Assert.Matches("^[0-9]+", version.Text("minor")!);
        Assert.Matches("^v1[.][0-9]+[.][0-9]+", version.Text("gitVersion")!);
        Assert.NotNull(version.Text("platform"));
    }

    [Theory]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/healthz")]
    public async Task Health_is_a_word(string path)
    {
        var answer = await Wire.GetAsync(path, "*/*");
        Assert.Equal((200, "ok"), (answer.Code, answer.Text));
    }

    [Fact]
    public async Task The_core_group_has_one_version()
    {
        var versions = (await Wire.GetAsync("/api")).Is(200);
        Assert.Equal(("APIVersions", "v1"), (versions.Text("kind"), versions.Text("versions[0]")));
        Assert.NotNull(versions.At("serverAddressByClientCIDRs"));
    }

    [Theory]
    [InlineData("apps", "v1")]
    [InlineData("apiextensions.k8s.io", "v1")]
    [InlineData("rbac.authorization.k8s.io", "v1")]
    [InlineData("coordination.k8s.io", "v1")]
    [InlineData("networking.k8s.io", "v1")]
    [InlineData("events.k8s.io", "v1")]
    [InlineData("authorization.k8s.io", "v1")]
    [InlineData("discovery.k8s.io", "v1")]
    [InlineData("autoscaling", "v2")]
    [InlineData("policy", "v1")]
    public async Task A_group_tells_its_versions(string group, string version)
    {
        if (!Since(25) && group is "discovery.k8s.io" or "autoscaling" or "policy")
            return;
        var groups = (await Wire.GetAsync("/apis")).Is(200);
        Assert.Equal("APIGroupList", groups.Text("kind"));
        var listed = groups["groups"]!.AsArray().First(g => g.Text("name") == group);
        Assert.Contains(listed!["versions"]!.AsArray(), v => v.Text("groupVersion") == $"{group}/{version}" && v.Text("version") == version);
        var alone = (await Wire.GetAsync($"/apis/{group}")).Is(200);
        Assert.Equal(("APIGroup", group), (alone.Text("kind"), alone.Text("name")));
        var resources = (await Wire.GetAsync($"/apis/{group}/{version}")).Is(200);
        Assert.Equal(("APIResourceList", $"{group}/{version}"), (resources.Text("kind"), resources.Text("groupVersion")));
    }

    [Theory]
    [InlineData("/api/v1", "pods", "Pod", "pod", "po", true)]
    [InlineData("/api/v1", "services", "Service", "service", "svc", true)]
    [InlineData("/api/v1", "configmaps", "ConfigMap", "configmap", "cm", true)]
    [InlineData("/api/v1", "secrets", "Secret", "secret", null, true)]
    [InlineData("/api/v1", "namespaces", "Namespace", "namespace", "ns", false)]
    [InlineData("/api/v1", "nodes", "Node", "node", "no", false)]
    [InlineData("/api/v1", "events", "Event", "event", "ev", true)]
    [InlineData("/api/v1", "serviceaccounts", "ServiceAccount", "serviceaccount", "sa", true)]
    [InlineData("/api/v1", "endpoints", "Endpoints", "endpoints", "ep", true)]
    [InlineData("/api/v1", "persistentvolumeclaims", "PersistentVolumeClaim", "persistentvolumeclaim", "pvc", true)]
    [InlineData("/apis/apps/v1", "deployments", "Deployment", "deployment", "deploy", true)]
    [InlineData("/apis/apps/v1", "replicasets", "ReplicaSet", "replicaset", "rs", true)]
    [InlineData("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", "customresourcedefinition", "crd", false)]
    [InlineData("/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", "networkpolicy", "netpol", true)]
    public async Task A_resource_tells_its_names_and_verbs(string path, string plural, string kind, string singular, string? shortName, bool namespaced)
    {
        var found = (await Wire.GetAsync(path)).Is(200)["resources"]!.AsArray().First(r => r.Text("name") == plural);
        Assert.Equal((kind, namespaced), (found.Text("kind"), (bool)found!["namespaced"]!));
        if (Since(27))
            Assert.Equal(singular, found.Text("singularName"));
        if (shortName is not null)
            Assert.Contains(shortName, found["shortNames"]!.AsArray().Select(n => (string?)n));
        foreach (var verb in (string[])["create", "delete", "get", "list", "patch", "update", "watch"])
            Assert.Contains(verb, found["verbs"]!.AsArray().Select(v => (string?)v));
    }

    [Theory]
    [InlineData("/api/v1", "pods/status")]
    [InlineData("/api/v1", "pods/log")]
    [InlineData("/api/v1", "pods/binding")]
    [InlineData("/api/v1", "services/status")]
    [InlineData("/apis/apps/v1", "deployments/status")]
    [InlineData("/apis/apps/v1", "deployments/scale")]
    [InlineData("/apis/apps/v1", "replicasets/scale")]
    [InlineData("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions/status")]
    public async Task Subresources_are_listed(string path, string name) =>
        Assert.Contains((await Wire.GetAsync(path)).Is(200)["resources"]!.AsArray(), r => r.Text("name") == name);

    [Fact]
    public async Task Discovery_comes_in_one_piece_when_asked_for()
    {
        if (!Since(30))
            return;
        const string Accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
        var answer = await Wire.GetAsync("/apis", Accept);
        Assert.Contains("as=APIGroupDiscoveryList", answer.ContentType, StringComparison.Ordinal);
        var list = answer.Is(200);
        Assert.Equal(("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"), (list.Text("kind"), list.Text("apiVersion")));
        var apps = list["items"]!.AsArray().First(g => g.Text("metadata.name") == "apps");
        var deployments = apps.At("versions[0].resources")!.AsArray().First(r => r.Text("resource") == "deployments");
        Assert.Equal(("v1", "Namespaced", "Deployment", "deployment"), (apps.Text("versions[0].version"), deployments.Text("scope"), deployments.Text("responseKind.kind"), deployments.Text("singularResource")));
        Assert.Equal(["scale", "status"], deployments!["subresources"]!.AsArray().Select(s => s.Text("subresource")).Order(StringComparer.Ordinal));
        var core = (await Wire.GetAsync("/api", Accept)).Is(200);
        Assert.Contains(core.At("items[0].versions[0].resources")!.AsArray(), r => r.Text("resource") == "pods");
    }

    [Fact]
    public async Task The_operators_own_discovery_finds_its_kinds()
    {
        await AppKind.InstallAsync(Kubectl, Since(25));
        await Eventually.That(() => Kubectl.RunAsync("api-resources --namespaced -o name"), text =>
            text.Contains("microserviceapps.fleet.microservices.dev", StringComparison.Ordinal) && text.Contains("deployments.apps", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("io.k8s.api.apps.v1.Deployment", "apps", "Deployment")]
    [InlineData("io.k8s.api.core.v1.Pod", "", "Pod")]
    [InlineData("io.k8s.api.core.v1.ConfigMap", "", "ConfigMap")]
    public async Task OpenAPI_v2_describes_kinds(string definition, string group, string kind)
    {
        var api = (await Wire.GetAsync("/openapi/v2")).Is(200);
        Assert.Equal("2.0", api.Text("swagger"));
        var found = api["definitions"]![definition]!;
        Assert.Contains(found["x-kubernetes-group-version-kind"]!.AsArray(), g => g.Text("group") == group && g.Text("kind") == kind && g.Text("version") == "v1");
        Assert.NotNull(found.At("properties.metadata"));
    }

    [Fact]
    public async Task OpenAPI_v3_has_a_page_for_each_group()
    {
        if (!Since(27))
            return;
        var index = (await Wire.GetAsync("/openapi/v3")).Is(200);
        var where = index["paths"]!["apis/apps/v1"].Text("serverRelativeURL")!;
        Assert.StartsWith("/openapi/v3/apis/apps/v1", where, StringComparison.Ordinal);
        Assert.NotNull(index["paths"]!["api/v1"]);
        var page = (await Wire.GetAsync(where)).Is(200);
        Assert.StartsWith("3.", page.Text("openapi"), StringComparison.Ordinal);
        Assert.NotNull(page["components"]!["schemas"]!["io.k8s.api.apps.v1.Deployment"].At("properties.spec"));
        Assert.NotNull(page["paths"]!["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]);
    }

    [Theory]
    [InlineData("deploy.spec.strategy", "FIELD", "rollingUpdate")]
    [InlineData("deployment.spec.template.spec.containers.readinessProbe", "RESOURCE", "periodSeconds")]
    [InlineData("svc.spec", "FIELD", "clusterIP")]
    [InlineData("cm", "KIND", "binaryData")]
    [InlineData("pod.status.containerStatuses", "FIELD", "restartCount")]
    public async Task Kubectl_explains_built_in_kinds(string what, string heading, string field)
    {
        var text = await Kubectl.RunAsync($"explain {what}");
        Assert.Contains(field, text, StringComparison.Ordinal);
        Assert.NotEmpty(heading);
        Assert.Contains("DESCRIPTION", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("msa.spec.services", "One row of the table")]
    [InlineData("msa.spec.services.port", "port")]
    [InlineData("msa.status.conditions", "lastTransitionTime")]
    public async Task Kubectl_explains_our_own_kind(string what, string words)
    {
        await AppKind.InstallAsync(Kubectl, Since(25));
        await Eventually.That(() => Kubectl.TryAsync(["explain", what]), result => result.Out.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kubectl_explains_nothing_that_is_not_there()
    {
        var result = await Kubectl.TryAsync(["explain", "deploy.spec.nothing"]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("nothing", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_root_lists_paths() => Assert.Contains((await Wire.GetAsync("/")).Is(200)["paths"]!.AsArray(), p => (string?)p == "/apis");
}
