using System.Text.Json;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Services and apps that come, change, go and come again.</summary>
public class LifecycleTests(ITestOutputHelper output) : AppTest(output)
{
    private const string Orders = "  - { name: orders, port: 8003, protocol: gRPC }\n";

    [Fact]
    public async Task A_service_that_left_the_spec_takes_its_children_along_and_nobody_elses()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        await Kubectl.ApplyAsync($"""
            apiVersion: v1
            kind: ServiceAccount
            metadata:
              name: stranger
              labels: {Labels("orders")}
            """);
        await Kubectl.ApplyAsync(Without(Orders));
        await ReadyAsync();
        foreach (var kind in (Resource[])[Resources.Deployments, Resources.Services, Resources.ServiceAccounts])
            Assert.Null(await ChildAsync(kind, "shop-orders"));
        Assert.NotNull(await ChildAsync(Resources.ServiceAccounts, "stranger"));
        Assert.NotNull(await ChildAsync(Resources.Deployments, "shop-users"));
        var routes = (await ChildAsync(Resources.ConfigMaps, "shop-routes"))!.Part("data").GetProperty(RoutesConfig.FileName).GetString()!;
        Assert.DoesNotContain("orders", routes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_app_takes_everything_along_without_the_operator()
    {
        var process = await StartOperatorAsync();
        await ReadyShopAsync();
        await process.KillAsync();
        await Kubectl.RunAsync("delete msa/shop");
        await GoneAsync();
        var before = await Cluster.AuditLog.NowAsync();
        await StartOperatorAsync(o => o with { LeaderElect = false });
        Assert.Empty(await WritesSinceAsync(before));
    }

    [Fact]
    public async Task An_app_that_is_deleted_and_made_again_at_once_ends_Ready()
    {
        await StartOperatorAsync();
        var first = await ReadyShopAsync();
        await Kubectl.RunAsync("delete msa/shop --wait=false");
        await Kubectl.ApplyAsync(Shop);
        var second = await ReadyAsync(timeout: Collected);
        Assert.NotEqual(first.Metadata.Uid, second.Metadata.Uid);
        foreach (var service in (string[])["auth", "users", "orders", "gateway"])
            await Eventually.True(async () => (await ChildAsync(Resources.Deployments, $"shop-{service}"))!.Metadata.IsOwnedBy(second.Metadata.Uid!));
    }

    [Fact]
    public async Task From_headless_to_a_ClusterIP_and_back()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var was = (await ChildAsync(Resources.Services, "shop-orders"))!;
        await ReadyShopAsync(Shop.Replace("protocol: gRPC }", "protocol: gRPC, grpc: { loadBalancing: PerConnection } }", StringComparison.Ordinal));
        var now = (await ChildAsync(Resources.Services, "shop-orders"))!;
        Assert.NotEqual(was.Metadata.Uid, now.Metadata.Uid);
        Assert.NotEqual("None", now.Part("spec").GetProperty("clusterIP").GetString());
        await ReadyShopAsync();
        Assert.Equal("None", (await ChildAsync(Resources.Services, "shop-orders"))!.Part("spec").GetProperty("clusterIP").GetString());
        await Eventually.True(async () => (await Kubectl.RunAsync("get events.events.k8s.io --output name --field-selector reason=Recreated")).Contains("event", StringComparison.Ordinal));
        Assert.Null((await AppAsync()).Status!.Drift);
    }

    [Fact]
    public async Task An_inactive_service_is_scaled_to_zero_not_routed_and_kept()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var app = await ReadyShopAsync(Shop.Replace("port: 8001, protocol: HTTP/REST }", "port: 8001, protocol: HTTP/REST, state: Inactive }", StringComparison.Ordinal));
        Assert.Equal("3/3", app.Status!.Ready);
        Assert.Equal(ServicePhase.Inactive, Row(app, "auth").State);
        Assert.Equal(0, (await ChildAsync(Resources.Deployments, "shop-auth"))!.Part("spec").GetProperty("replicas").GetInt32());
        Assert.NotNull(await ChildAsync(Resources.Services, "shop-auth"));
        var routes = (await ChildAsync(Resources.ConfigMaps, "shop-routes"))!.Part("data").GetProperty(RoutesConfig.FileName).GetString()!;
        Assert.DoesNotContain("\"auth\"", routes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_a_bundled_program_to_one_s_own_and_back()
    {
        const string Users = "port: 8002, protocol: HTTP/REST";
        await StartOperatorAsync();
        await ReadyShopAsync();
        Assert.Equal(["livenessProbe", "readinessProbe", "startupProbe"], await ProbesAsync());

        // Of another's program only readiness is known, and what the user says of it.
        await Kubectl.ApplyAsync(Shop.Replace(Users, $"{Users}, image: \"example/users:1\"", StringComparison.Ordinal));
        await ReadyAsync();
        Assert.Equal(["readinessProbe", "startupProbe"], await ProbesAsync());
        await Kubectl.ApplyAsync(Shop.Replace(
            Users, $"{Users}, image: \"example/users:1\", probes: {{ mode: None }}, podTemplate: {{ spec: {{ containers: [{{ name: users, livenessProbe: {{ exec: {{ command: [ok] }} }} }}] }} }}", StringComparison.Ordinal));
        await ReadyAsync();
        Assert.Equal(["livenessProbe"], await ProbesAsync());
        await Kubectl.ApplyAsync(Shop.Replace(Users, $"{Users}, image: \"example/users:1\", probes: {{ mode: None }}", StringComparison.Ordinal));
        await ReadyAsync();
        Assert.Empty(await ProbesAsync());

        // Its port and the way it is asked change, twice, and then it is the bundled one again.
        await Kubectl.ApplyAsync(Shop.Replace(Users, "port: 9002, protocol: HTTP/REST, image: \"example/users:1\", probes: { mode: HTTP, path: /up }", StringComparison.Ordinal));
        await ReadyAsync();
        await Kubectl.ApplyAsync(Shop.Replace(Users, "port: 9003, protocol: HTTP/REST, image: \"example/users:1\"", StringComparison.Ordinal));
        await ReadyAsync();
        Assert.Equal(["readinessProbe", "startupProbe"], await ProbesAsync());
        await Kubectl.ApplyAsync(Shop);
        await ReadyAsync();
        Assert.Equal(["livenessProbe", "readinessProbe", "startupProbe"], await ProbesAsync());
        Assert.Equal([8002, 8081], (await ContainerAsync()).GetProperty("ports").EnumerateArray().Select(p => p.GetProperty("containerPort").GetInt32()).Order());

        async Task<JsonElement> ContainerAsync() =>
            (await ChildAsync(Resources.Deployments, "shop-users"))!.Part("spec").GetProperty("template").GetProperty("spec").GetProperty("containers")[0];

        async Task<IEnumerable<string>> ProbesAsync() =>
            (await ContainerAsync()).EnumerateObject().Select(f => f.Name).Where(f => f.EndsWith("Probe", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_suspended_app_is_observed_and_not_written()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"suspend":true}}"""]);
        await ConditionAsync(Conditions.Ready, ConditionStatus.Unknown, Reasons.Suspended);
        var before = await Cluster.AuditLog.NowAsync();
        await Kubectl.RunAsync("scale deployment/shop-auth --replicas 2");
        await AppWhere(s => s.Services.First(r => r.Name == "auth").Replicas.Ready == 2);
        Assert.DoesNotContain(await WritesSinceAsync(before), w => w.ObjectRef is not { Resource: "microserviceapps", Subresource: "status" });
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"suspend":false}}"""]);
        await ReadyAsync();
        Assert.Equal(1, (await ChildAsync(Resources.Deployments, "shop-auth"))!.Part("spec").GetProperty("replicas").GetInt32());
    }

    [Fact]
    public async Task A_changed_Secret_rolls_the_pods_that_use_it_and_only_those()
    {
        await StartOperatorAsync();
        await Kubectl.RunAsync("create secret generic db --from-literal=url=one --from-literal=unused=a");
        await ReadyShopAsync(Shop.Replace(
            "port: 8002, protocol: HTTP/REST }",
            "port: 8002, protocol: HTTP/REST, env: [{ name: DB, valueFrom: { secretKeyRef: { name: db, key: url } } }] }", StringComparison.Ordinal));
        var (users, auth) = (await HashAsync("users"), await GenerationAsync("auth"));
        Assert.Matches("^[0-9a-f]{8}$", users);

        await SetSecretAsync("unused", "b");
        await SetSecretAsync("url", "two");
        await Eventually.True(async () => await HashAsync("users") != users);
        await ReadyAsync();
        Assert.Equal(auth, await GenerationAsync("auth"));
        Assert.Equal(2, await GenerationAsync("users"));
        Assert.Null((await AppAsync()).Status!.Drift);
    }

    // The garbage collector looks every 30 s whether there are new kinds; until it knows of the apps' it does not see one go.
    private static readonly TimeSpan Collected = TimeSpan.FromMinutes(1) + Eventually.Patience;

    private static string Labels(string service) => $"{{ {Keys.App}: shop, {Keys.Service}: {service} }}";

    private static string Without(string line) =>
        Shop.Contains(line, StringComparison.Ordinal) ? Shop.Replace(line, "", StringComparison.Ordinal) : throw new ArgumentException($"the example has no line {line}", nameof(line));

    private Task<string> SetSecretAsync(string key, string value) =>
        Kubectl.RunAsync(["patch", "secret/db", "--type=merge", "--patch", $"{{\"stringData\":{{\"{key}\":\"{value}\"}}}}"]);

    private async Task<string?> HashAsync(string service) =>
        (string?)(await ChildAsync(Resources.Deployments, $"shop-{service}"))!.ToJsonObject()["spec"]!["template"]!["metadata"]!["annotations"]?[Keys.ConfigHash];

    private async Task<long> GenerationAsync(string service) => (await ChildAsync(Resources.Deployments, $"shop-{service}"))!.Metadata.Generation;

    private Task GoneAsync() => Eventually.True(
        async () => (await Kubectl.RunAsync($"get deployments,services,configmaps,serviceaccounts,roles,rolebindings,pods --selector {Keys.App}=shop --output name")).Trim().Length == 0,
        Collected);
}
