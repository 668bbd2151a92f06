using System.Diagnostics;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>The documented table becomes a running fleet, and the same table is read back.</summary>
public class ShopTests(ITestOutputHelper output) : AppTest(output)
{
    private static readonly string[] Services = ["auth", "users", "orders", "gateway"];

    [Fact]
    public async Task The_documented_table_becomes_a_running_fleet_within_five_seconds()
    {
        await StartOperatorAsync();
        await Pace.WithinAsync(
            TimeSpan.FromSeconds(5),
            async round =>
            {
                // Those of later rounds come after it in the table.
                var name = round == 1 ? "shop" : $"shop{round}";
                await Kubectl.ApplyAsync(Shop.Replace("name: shop\n", $"name: {name}\n", StringComparison.Ordinal));
                var applied = Stopwatch.GetTimestamp();
                await Eventually.True(() => IsThereAsync(name));
                return Stopwatch.GetElapsedTime(applied);
            },
            "from kubectl apply to the objects");

        await Kubectl.RunAsync("wait msa/shop --for=condition=Ready --timeout=60s");
        var table = (await Kubectl.RunAsync("get msa")).Split('\n');
        Assert.Equal(["NAME", "READY", "STATUS", "URL", "AGE"], Words(table[0]));
        Assert.Equal(["shop", "4/4", "Ready", $"http://shop-gateway.{Namespace}.svc"], Words(table[1])[..4]);
    }

    [Fact]
    public async Task Fleet_status_prints_the_table_back()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var status = await Command.RunAsync(
            OperatorProcess.DotNet, [OperatorProcess.Program, "status", "shop", "--namespace", Namespace, "--kubeconfig", Cluster.AdminKubeconfig]);
        var rows = status.Succeeded().Out.Split('\n').Select(Words).Where(w => w.Length >= 5).ToList();
        Assert.Contains(rows, r => r[..5] is ["NAME", "PORT", "PROTOCOL", "STATUS", "READY"]);
        Assert.Contains(rows, r => r[..5] is ["auth", "8001", "HTTP/REST", "Active", "1/1"]);
        Assert.Contains(rows, r => r[..5] is ["users", "8002", "HTTP/REST", "Active", "1/1"]);
        Assert.Contains(rows, r => r[..5] is ["orders", "8003", "gRPC", "Active", "1/1"]);
        Assert.Contains(rows, r => r[..5] is ["gateway", "80", "HTTP", "Active", "1/1"]);
    }

    [Fact]
    public async Task A_gRPC_service_is_headless_and_everything_is_owned_by_the_app()
    {
        await StartOperatorAsync();
        var app = await ReadyShopAsync();
        var orders = (await ChildAsync(Resources.Services, "shop-orders"))!;
        Assert.Equal("None", orders.Part("spec").GetProperty("clusterIP").GetString());
        Assert.Equal("kubernetes.io/h2c", orders.Part("spec").GetProperty("ports")[0].GetProperty("appProtocol").GetString());
        foreach (var kind in (Resource[])[Resources.Deployments, Resources.Services, Resources.ServiceAccounts])
        {
            foreach (var service in Services)
                Assert.True((await ChildAsync(kind, $"shop-{service}"))!.Metadata.IsOwnedBy(app.Metadata.Uid!), $"{kind} of {service}");
        }
    }

    [Fact]
    public async Task Orders_starts_only_when_users_was_active()
    {
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "users" ? new PodBehaviour.NotReady() : null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        var waiting = await AppWhere(s => s.Services.Any(r => r is { Name: "orders", State: ServicePhase.Waiting }) && s.Services.Any(r => r is { Name: "auth", State: ServicePhase.Active }));
        Assert.Equal(Reasons.WaitingForDependency, Row(waiting, "orders").Reason);
        Assert.Contains("users", Row(waiting, "orders").Message, StringComparison.Ordinal);
        Assert.Equal(0, (await ChildAsync(Resources.Deployments, "shop-orders"))!.Part("spec").GetProperty("replicas").GetInt32());

        rule.Dispose();
        foreach (var pod in Node.Pods.Where(p => p.Namespace == Namespace && p.Label(Keys.Service) == "users"))
            await Node.SetStateAsync(Namespace, pod.Name, new PodBehaviour.Running());
        await ReadyAsync();
        Assert.Equal("true", (await ChildAsync(Resources.Deployments, "shop-orders"))!.Metadata.Annotation(Keys.Started));
    }

    [Fact]
    public async Task Kubectl_wait_works_for_every_generation_and_never_returns_early()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        using var slow = Node.Behave(pod => pod.Namespace == Namespace ? new PodBehaviour.Slow(TimeSpan.FromMilliseconds(300)) : null);
        for (var round = 1; round <= 5; round++)
        {
            await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", $"{{\"spec\":{{\"commonAnnotations\":{{\"round\":\"{round}\"}}}}}}"]);
            // kubectl compares the condition's observedGeneration with the object's generation.
            await Kubectl.RunAsync("wait msa/shop --for=condition=Ready --timeout=60s");
            var app = await AppAsync();
            Assert.Equal(app.Metadata.Generation, app.Status!.ObservedGeneration);
            foreach (var service in Services)
            {
                var deployment = (await ChildAsync(Resources.Deployments, $"shop-{service}"))!;
                Assert.Equal($"{round}", deployment.Metadata.Annotation("round"));
                Assert.True(Rollout.Of(deployment).IsComplete, $"{service} in round {round}");
            }
        }
    }

    private async Task<bool> IsThereAsync(string app)
    {
        foreach (var service in Services)
        {
            foreach (var kind in (Resource[])[Resources.Deployments, Resources.Services, Resources.ServiceAccounts])
            {
                if (await ChildAsync(kind, $"{app}-{service}") is null)
                    return false;
            }
        }

        return await ChildAsync(Resources.ConfigMaps, $"{app}-routes") is not null;
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
