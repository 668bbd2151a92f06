using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

/// <summary>Which caches there are, by what is watched and what may be read.</summary>
public sealed class WatchedNamespacesTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(Given.Start);
    private readonly ApiClient _api;

    public WatchedNamespacesTests() => _api = new(ClusterConfig.At(new Uri("https://cluster.test")), new() { TimeProvider = _time });

    public void Dispose() => _api.Dispose();

    [Fact]
    public void Each_namespace_has_caches_of_its_own()
    {
        var watched = Of(["one", "two"], new());
        Assert.Equal("one", watched["one"].Namespace);
        Assert.Equal("two", watched["two"].Namespace);
        Assert.NotSame(watched["one"].Apps, watched["two"].Apps);
        Assert.Equal(2 * watched["one"].All.Count(), watched.All.Count());
        Assert.Throws<KeyNotFoundException>(() => watched["three"]);
    }

    [Theory]
    [InlineData("any")]
    [InlineData(null)]
    public void All_namespaces_have_the_same(string? ns) => Assert.Null(Of([], new())[ns].Namespace);

    [Fact]
    public void Without_the_right_to_Secrets_nobody_watches_them()
    {
        var caches = Of([], new(Secrets: false))["demo"];
        Assert.Null(caches.Secrets);
        Assert.DoesNotContain(caches.All, c => c.Resource == Resources.Secrets);
        Assert.Contains(Of([], new())["demo"].All, c => c.Resource == Resources.Secrets);
    }

    [Fact]
    public void Without_the_right_to_Roles_nobody_watches_them_nor_makes_any()
    {
        var caches = Of([], new(Rbac: false))["demo"];
        Assert.DoesNotContain(caches.All, c => c.Resource == Resources.Roles || c.Resource == Resources.RoleBindings);

        static IEnumerable<string> Kinds(OperatorSettings settings) =>
            Planner.Plan(Given.Shop(), Observed.Nothing, settings).Desired.Select(d => d.Object.Resource.Kind);
        Assert.Contains("RoleBinding", Kinds(Given.Settings));
        Assert.DoesNotContain(Kinds(Given.Settings with { GatewayRbac = false }), k => k is "Role" or "RoleBinding");
        var gateway = Planner.Plan(Given.Shop(), Observed.Nothing, Given.Settings with { GatewayRbac = false }).Desired.Single(d => d.Object.Id == "Deployment/shop-gateway");
        Assert.DoesNotContain("ROUTES_CONFIGMAP", gateway.Object.Json.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("ROUTES_FILE", gateway.Object.Json.GetRawText(), StringComparison.Ordinal);
    }

    private WatchedNamespaces Of(string[] namespaces, OperatorAccess access) =>
        WatchedNamespaces.Of(_api, namespaces, access, _time, NullLoggerFactory.Instance, new OperatorMetrics());
}
