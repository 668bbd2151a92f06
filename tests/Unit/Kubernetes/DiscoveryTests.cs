using System.Net;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>What is served, asked of new servers and of old ones.</summary>
public sealed class DiscoveryTests
{
    private const string Core = """
        {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[{"metadata":{"creationTimestamp":null},"versions":[{"version":"v1","freshness":"Current","resources":[
          {"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced","verbs":["get"],"subresources":[{"subresource":"status"}]},
          {"resource":"nodes","responseKind":{"group":"","version":"v1","kind":"Node"},"scope":"Cluster"}]}]}]}
        """;

    private const string Groups = """
        {"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[
          {"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[{"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced"}]}]},
          {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}
        """;

    private static readonly CancellationToken Stop = CancellationToken.None;
    private static readonly Resource Metrics = new("metrics.k8s.io", "v1beta1", "PodMetrics", "pods");

    [Fact]
    public async Task A_new_server_tells_everything_in_two_answers()
    {
        var server = new StubServer(r => StubServer.Json(r.Path == "/base/api" ? Core : Groups));
        using var api = server.Client();
        var served = await api.DiscoverAsync(Stop);

        Assert.Equal(["/base/api", "/base/apis"], server.Requests.Select(r => r.Path).Order());
        Assert.All(server.Requests, r => Assert.StartsWith("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,", r.Header("Accept"), StringComparison.Ordinal));
        Assert.True(served.Serves(Resources.Pods) && served.Serves(Resources.Nodes) && served.Serves(Resources.Deployments));
        Assert.False(served.Serves(Resources.Services));
        Assert.Equal([Resources.Deployments, Resources.Nodes, Resources.Pods], served.Resources.OrderBy(r => r.Plural));
        Assert.Equal(Resources.Deployments, served.Find("apps/v1", "Deployment"));
        Assert.Equal(["metrics.k8s.io/v1beta1"], served.Unanswered);
    }

    [Fact]
    public async Task An_old_server_is_asked_for_the_versions_of_interest_only()
    {
        var server = new StubServer(Old);
        using var api = server.Client();
        var hpa = new Resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers");
        var served = await api.DiscoverAsync([Resources.Pods, Resources.Deployments, hpa], Stop);

        Assert.Equal(["/base/api", "/base/api/v1", "/base/apis", "/base/apis/apps/v1"], server.Requests.Select(r => r.Path).Order());
        Assert.True(served.Serves(Resources.Pods) && served.Serves(Resources.Deployments));
        Assert.False(served.Serves(hpa));
        Assert.DoesNotContain(served.Resources, r => r.Plural.Contains('/'));
    }

    [Fact]
    public async Task A_group_nobody_asked_for_costs_no_request()
    {
        var server = new StubServer(Old);
        using var api = server.Client();
        await api.DiscoverAsync([Resources.Deployments], Stop);
        Assert.Equal(["/base/apis", "/base/apis/apps/v1"], server.Requests.Select(r => r.Path).Order());
    }

    [Fact]
    public async Task A_broken_extension_server_hides_nothing_but_itself()
    {
        using var api = new StubServer(Old).Client();
        var served = await api.DiscoverAsync(Stop);
        Assert.True(served.Serves(Resources.Deployments));
        Assert.False(served.Serves(Metrics));
        Assert.Equal(["metrics.k8s.io/v1beta1"], served.Unanswered);
    }

    [Fact]
    public async Task A_server_that_refuses_discovery_says_why()
    {
        using var api = new StubServer(_ => StubServer.Refusal(HttpStatusCode.Forbidden, "Forbidden")).Client();
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => api.DiscoverAsync(Stop))).IsForbidden);
    }

    private static HttpResponseMessage Old(StubRequest request) => request.Path switch
    {
        "/base/api" => StubServer.Json("""{"kind":"APIVersions","versions":["v1"]}"""),
        "/base/apis" => StubServer.Json("""
            {"kind":"APIGroupList","groups":[
              {"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"},{"groupVersion":"apps/v1beta1","version":"v1beta1"}]},
              {"name":"autoscaling","versions":[{"groupVersion":"autoscaling/v1","version":"v1"}]},
              {"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}]}]}
            """),
        "/base/api/v1" => StubServer.Json("""{"kind":"APIResourceList","resources":[{"name":"pods","kind":"Pod","namespaced":true},{"name":"pods/status","kind":"Pod","namespaced":true}]}"""),
        "/base/apis/apps/v1" => StubServer.Json("""{"kind":"APIResourceList","resources":[{"name":"deployments","kind":"Deployment","namespaced":true}]}"""),
        "/base/apis/metrics.k8s.io/v1beta1" => new(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("service unavailable") },
        _ => StubServer.Refusal(HttpStatusCode.NotFound, "NotFound"),
    };
}
