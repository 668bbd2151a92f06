using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Local.Processes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Local;

/// <summary>The documented table on the local node: what the operator plans, as four processes that find each other by the names of a cluster.</summary>
public class ShopNodeTests(ITestOutputHelper output) : NodeTest(output)
{
    private static readonly string[] Services = ["shop-auth", "shop-users", "shop-orders", "shop-gateway"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_documented_table_works_through_its_gateway_and_then_nothing_is_written(bool single)
    {
        await StartNodeAsync(single ? LoopbackRange.Single() : null);
        await ApplyShopAsync();
        foreach (var service in Services)
            await Kubectl.RunAsync(["rollout", "status", $"deployment/{service}", "--timeout", "90s"], timeout: TimeSpan.FromSeconds(100));

        var gateway = (await Eventually.That(() => Task.FromResult(Local.Proxies.Of(Namespace, "shop-gateway", 80)), found => found is not null))!;
        Output.WriteLine($"gateway: {gateway} {Local.Proxies.ReasonOf(Namespace, "shop-gateway", 80)}");
        using var http = new HttpClient { BaseAddress = new Uri($"http://{gateway}/") };
        const string Ann = """{"email":"ann@example.com","password":"correct horse battery"}""";
        await PostAsync("auth/register", Ann, HttpStatusCode.Accepted);
        var token = (string)(await PostAsync("auth/login", Ann, HttpStatusCode.OK))!["accessToken"]!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await PostAsync("users", """{"email":"ann@example.com","name":"Ann"}""", HttpStatusCode.Created);
        var order = await PostAsync(
            "orders.v1.Orders/PlaceOrder",
            """{"idempotencyKey":"1","items":[{"sku":"tea","quantity":2,"unitPrice":{"currencyCode":"EUR","minorUnits":450}}]}""",
            HttpStatusCode.OK);
        Assert.NotNull(order!["id"]);

        // Everything is as it should be: for as long as three readiness probes take nobody hears from the node but by its lease.
        foreach (var service in Services)
            await Eventually.True(async () => (int?)(await Kubectl.GetJsonAsync($"deployment/{service}"))["status"]?["availableReplicas"] == 1);
        var start = await Cluster.AuditLog.NowAsync();
        await Task.Delay(TimeSpan.FromSeconds(6));
        Assert.DoesNotContain(await Cluster.AuditLog.SinceAsync(start), e => e.UserAgent == "local-node" && e.IsRealWrite);

        async Task<JsonNode?> PostAsync(string path, string json, HttpStatusCode wanted)
        {
            using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), content);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(wanted == answer.StatusCode, $"{path}: {answer.StatusCode} {text}");
            return text.Length > 0 ? JsonNode.Parse(text) : null;
        }
    }

    [Fact]
    public async Task A_program_that_is_built_anew_is_restarted()
    {
        var build = Directory.CreateTempSubdirectory("fleet-build-").FullName;
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(Workload)!))
            File.Copy(file, Path.Combine(build, Path.GetFileName(file)));
        try
        {
            await StartNodeAsync(programs: new OneProgram(new("workload", build, Path.GetFileName(Workload))));
            await CreatePodAsync("built", "args: [serve], readinessProbe: { tcpSocket: { port: 8080 } }", "terminationGracePeriodSeconds: 1, ");
            await ReadyPodAsync("built");
            var copy = Assert.Single(Directory.EnumerateDirectories(Path.Combine(StateFolder, "programs")));
            Assert.Single(ProcessesWith(copy));

            await File.WriteAllTextAsync(Path.Combine(build, "changed.txt"), "1");
            var pod = await PodAsync("built", p => Restarts(p) == 1 && IsReady(p));
            Assert.Empty(ProcessesWith(copy));
            Assert.NotNull(StatusOf(pod)!["lastState"]!["terminated"]);
            await Eventually.True(async () => (await EventsAsync("built")).Contains("Killing: Container main runs a program that was built anew, will be restarted"));
        }
        finally
        {
            Directory.Delete(build, recursive: true);
        }
    }

    /// <summary>Applies the plan of the example, its pods on this node and without what the oldest Kubernetes does not know.</summary>
    private async Task ApplyShopAsync()
    {
        var document = Yaml.ParseOne(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "examples", "shop.yaml")));
        document["metadata"]!["namespace"] = Namespace;
        var plan = Planner.Plan(document.Deserialize(AppsJson.Default.MicroserviceApp)!, Observed.Nothing, new(OperatorSettings.DefaultRegistry, "test"));
        Assert.Empty(plan.Problems);
        foreach (var planned in plan.Desired)
        {
            var json = planned.Object.ToJsonObject();
            if (planned.Object.Resource.Kind == "Deployment")
            {
                json["spec"]!["replicas"] = 1;
                var spec = json["spec"]!["template"]!["spec"]!;
                spec["nodeName"] = NodeName;
                spec["containers"]![0]!.AsObject().Remove("lifecycle");
            }

            await Api.CreateAsync(KubeObject.From(planned.Object.Resource, json), CancellationToken.None);
        }
    }

    private sealed class OneProgram(LocalProgram program) : IPrograms
    {
        public LocalProgram? Find(string image) => program;
    }
}
