using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>What somebody else changes is repaired in under a second and counted once, or only told of.</summary>
public class DriftTests(ITestOutputHelper output) : AppTest(output)
{
    [Theory]
    [InlineData("scale deployment/shop-auth --replicas 3", "Deployment/shop-auth", ".spec.replicas", "kubectl")]
    [InlineData("set image deployment/shop-users users=example/other:1", "Deployment/shop-users", ".spec.template.spec.containers[users].image", "kubectl-set")]
    [InlineData("set env deployment/shop-users PORT=1", "Deployment/shop-users", ".spec.template.spec.containers[users].env[PORT].value", "kubectl-set")]
    [InlineData("delete service/shop-users --wait=false", "Service/shop-users", "", "")]
    [InlineData("delete configmap/shop-routes --wait=false", "ConfigMap/shop-routes", "", "")]
    [InlineData("label deployment/shop-orders app.kubernetes.io/name-", "Deployment/shop-orders", ".metadata.labels[app.kubernetes.io/name]", "")]
    [InlineData("label service/shop-orders fleet.microservices.dev/app-", "Service/shop-orders", ".metadata.labels[fleet.microservices.dev/app]", "")]
    [InlineData("annotate deployment/shop-auth fleet.microservices.dev/applied-", "Deployment/shop-auth", ".metadata.annotations[fleet.microservices.dev/applied]", "")]
    [InlineData("patch configmap/shop-routes --type=json --patch [{\"op\":\"replace\",\"path\":\"/data\",\"value\":{\"other.json\":\"\"}}]", "ConfigMap/shop-routes", ".data[routes.json]", "")]
    [InlineData("patch service/shop-users --type=json --patch [{\"op\":\"replace\",\"path\":\"/spec/ports/0/port\",\"value\":1733}]", "Service/shop-users", ".spec.ports[8002,TCP]", "")]
    public async Task It_is_repaired_and_counted_once(string command, string changed, string field, string manager)
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var (kind, name) = (changed.Split('/')[0], changed.Split('/')[1]);
        var resource = kind switch { "Deployment" => Resources.Deployments, "Service" => Resources.Services, _ => Resources.ConfigMaps };
        // Before 1.22 the server does not note who writes through the scale subresource.
        var noted = field != ".spec.replicas" || (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 22);
        await Pace.WithinAsync(TimeSpan.FromSeconds(1), RoundAsync, "from the change to its repair");

        async Task<TimeSpan> RoundAsync(int round)
        {
            var start = await Cluster.AuditLog.NowAsync();
            await Kubectl.RunAsync(command);
            var app = await AppWhere(s => s.Drift?.Count >= round);
            Assert.Equal(changed, app.Status!.Drift!.Last!.Object);
            Assert.Equal(field, app.Status.Drift.Last.Field ?? "");
            if (manager.Length > 0 && noted)
                Assert.StartsWith("kubectl", app.Status.Drift.Last.Manager ?? "", StringComparison.Ordinal);
            else
                Assert.Null(app.Status.Drift.Last.Manager);

            // The status goes last: once it tells, the repair is done.
            Assert.Equal("shop", (await ChildAsync(resource, name))!.Metadata.Label(Keys.App));
            await ReadyAsync();
            Assert.Equal(round, (await AppAsync()).Status!.Drift!.Count);

            // The API server's own times: from the end of the foreign write to the beginning of ours.
            var writes = (await Cluster.AuditLog.SinceAsync(start)).Where(e => e.IsRealWrite && e.ObjectRef?.Namespace == Namespace).ToList();
            var foreign = writes.First(w => w.UserAgent.StartsWith("kubectl", StringComparison.Ordinal));
            var repair = writes.First(w => IsOurs(w) && w.Received > foreign.Received);
            Output.WriteLine($"repaired {(repair.Received - foreign.Completed).TotalMilliseconds:0} ms after the change");
            Assert.True(repair.Received - foreign.Completed > TimeSpan.FromSeconds(-1), $"{repair} is older than {foreign}");
            return repair.Received - foreign.Completed;
        }
    }

    [Fact]
    public async Task Somebody_elses_port_goes_and_somebody_elses_label_stays()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        await Kubectl.RunAsync("label service/shop-users team=blue");
        await Kubectl.RunAsync(["patch", "service/shop-users", "--type=json", "--patch", """[{"op":"add","path":"/spec/ports/-","value":{"name":"debug","port":9999}}]"""]);
        await Eventually.True(async () => (await ChildAsync(Resources.Services, "shop-users"))!.Part("spec").GetProperty("ports").GetArrayLength() == 1);
        Assert.Equal("blue", (await ChildAsync(Resources.Services, "shop-users"))!.Metadata.Label("team"));
        var app = await AppWhere(s => s.Drift is { Count: 1 });
        Assert.Equal(".spec.ports[9999,TCP]", app.Status!.Drift!.Last!.Field);
    }

    [Fact]
    public async Task With_Report_it_stays_until_the_spec_changes_it()
    {
        await StartOperatorAsync();
        await ReadyShopAsync(Shop.Replace("spec:\n", "spec:\n  driftPolicy: Report\n", StringComparison.Ordinal));
        await Kubectl.RunAsync("scale deployment/shop-auth --replicas 3");
        var app = await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.Drifted);
        Assert.Equal(("Deployment/shop-auth", ".spec.replicas"), (app.Status!.Drift!.Last!.Object, app.Status.Drift.Last.Field));
        Assert.Equal(3, await ReplicasAsync());

        var before = await Cluster.AuditLog.NowAsync();
        await Kubectl.RunAsync("annotate deployment/shop-auth note=x"); // it moves, and is still left as it is
        await Eventually.True(async () => (await Cluster.AuditLog.SinceAsync(before)).Any(e => e.ObjectRef is { Resource: "deployments", Name: "shop-auth" }));
        Assert.Equal(1, (await AppAsync()).Status!.Drift!.Count);
        Assert.Equal(3, await ReplicasAsync());

        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"commonLabels":{"team":"blue"}}}"""]);
        await ReadyAsync();
        Assert.Equal(1, await ReplicasAsync());
    }

    [Fact]
    public async Task A_field_that_leaves_the_spec_goes()
    {
        await StartOperatorAsync();
        await ReadyShopAsync(Shop.Replace("spec:\n", "spec:\n  commonLabels: { team: blue, tier: one }\n", StringComparison.Ordinal));
        Assert.Equal("blue", (await ChildAsync(Resources.Services, "shop-users"))!.Metadata.Label("team"));
        await ReadyShopAsync(Shop.Replace("spec:\n", "spec:\n  commonLabels: { tier: one }\n", StringComparison.Ordinal));
        var service = (await ChildAsync(Resources.Services, "shop-users"))!;
        Assert.Null(service.Metadata.Label("team"));
        Assert.Equal("one", service.Metadata.Label("tier"));
        Assert.Null((await AppAsync()).Status!.Drift);
    }

    private async Task<int> ReplicasAsync() => (await ChildAsync(Resources.Deployments, "shop-auth"))!.Part("spec").GetProperty("replicas").GetInt32();
}
