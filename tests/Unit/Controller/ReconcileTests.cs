using System.Net;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

public class ReconcileTests
{
    private const string Web = "services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]";
    private static readonly ObjectKey Shop = new(FakeCluster.Namespace, "shop");

    [Fact]
    public async Task A_new_app_costs_one_create_per_object_and_the_opening_of_its_gate()
    {
        using var passes = new Passes(Given.Shop());
        await passes.SettleAsync();
        Assert.Equal("True Ready", passes.Ready);
        var writes = passes.Server.Requests.GroupBy(r => r.Split(' ')[0]).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(passes.Cluster.All.Count(), writes["create"]);
        Assert.Equal(["apply Deployment/shop-orders", "patch Deployment/shop-orders"], passes.Server.Requests.Where(r => r[0] is 'a' or 'p').Order(StringComparer.Ordinal));
        Assert.DoesNotContain("get", writes.Keys);
        Assert.DoesNotContain("delete", writes.Keys);
    }

    [Fact]
    public async Task A_settled_app_is_left_alone()
    {
        using var passes = await SettledAsync(Given.Shop());
        var before = passes.Server.Requests.Count;
        for (var i = 0; i < 3; i++)
        {
            passes.Time.Advance(TimeSpan.FromHours(1));
            Assert.Same(Outcome.Settled, await passes.PassAsync());
        }

        Assert.Equal(before, passes.Server.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restart_writes_nothing_also_under_a_webhook_that_rewrites_images(bool rewrites)
    {
        var cluster = new FakeCluster();
        if (rewrites)
            cluster.Admission = Rewrite;
        using var first = new Passes(Given.Shop(), cluster);
        await first.SettleAsync();
        first.Server.Store(first.Server.App.With(s => s with { CommonLabels = new Dictionary<string, string> { ["team"] = "shop" } })); // so that all was applied, not only created
        first.Deliver();
        await first.SettleAsync();
        Assert.Null(first.Status.Drift);

        using var second = new Passes(first.Server.App, cluster);
        await second.SettleAsync();
        Assert.Empty(second.Server.Requests);
    }

    [Fact]
    public async Task What_was_just_written_is_known_before_the_watch_shows_it()
    {
        using var passes = new Passes(Given.App(Web));
        await passes.PassAsync();
        var writes = passes.Server.Writes.Count();
        await passes.PassAsync();
        await passes.PassAsync();
        Assert.Equal(writes, passes.Server.Writes.Count());
    }

    [Fact]
    public async Task Nothing_that_was_read_is_changed()
    {
        using var passes = await SettledAsync(Given.Shop());
        passes.Cluster.Edit("Deployment/shop-users", "kubectl", json => json["spec"]!["replicas"] = 5);
        passes.Cluster.Delete("Service/shop-auth");
        passes.Server.Store(passes.Server.App.With(s => s with { CommonLabels = new Dictionary<string, string> { ["team"] = "shop" } }));
        passes.Deliver();
        var held = passes.Caches.AllChildren.SelectMany(c => c.All).ToList();
        var before = held.Select(o => o.Json.GetRawText()).ToList();
        await passes.PassAsync();
        Assert.Equal(before, held.Select(o => o.Json.GetRawText()));
    }

    [Theory]
    [InlineData("replicas", "Deployment/shop-web .spec.replicas kubectl")]
    [InlineData("image", "Deployment/shop-web .spec.template.spec.containers[web].image kubectl")]
    [InlineData("port", "Service/shop-web .spec.ports[80,TCP] ")]
    [InlineData("label", "Service/shop-web .metadata.labels[fleet.microservices.dev/app] ")]
    [InlineData("deleted", "Service/shop-web  ")]
    public async Task Drift_is_repaired_counted_once_and_told(string what, string told)
    {
        using var passes = await SettledAsync(Given.App(Web));
        var before = Specs(passes);
        switch (what)
        {
            case "replicas":
                passes.Cluster.Edit("Deployment/shop-web", "kubectl", json => json["spec"]!["replicas"] = 5);
                break;
            case "image":
                passes.Cluster.Edit("Deployment/shop-web", "kubectl", json => json["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "other:1");
                break;
            case "port":
                passes.Cluster.Edit("Service/shop-web", "kubectl", json => json["spec"]!["ports"]![0]!["port"] = 8080);
                break;
            case "label":
                passes.Cluster.Edit("Service/shop-web", "kubectl", json => json["metadata"]!["labels"]!.AsObject().Remove(Keys.App));
                break;
            default:
                passes.Cluster.Delete("Service/shop-web");
                break;
        }

        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal("True Ready", passes.Ready);
        var last = passes.Status.Drift!.Last!;
        Assert.Equal((1L, told), (passes.Status.Drift.Count, $"{last.Object} {last.Field} {last.Manager}"));
        if (what != "deleted") // which got another address
            Assert.Equal(before, Specs(passes));
        Assert.Single(await passes.EventsAsync(), e => e.StartsWith("Warning Drift: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Drift_that_comes_back_is_counted_again_and_drift_that_stays_is_not()
    {
        using var passes = await SettledAsync(Given.App(Web).With(s => s with { DriftPolicy = DriftPolicy.Report }));
        Scale(5);
        await passes.SettleAsync();
        await passes.SettleAsync();
        Assert.Equal(1, passes.Status.Drift!.Count);
        using (var successor = new Passes(passes.Server.App, passes.Cluster))
        {
            await successor.SettleAsync();
            Assert.Equal(1, successor.Status.Drift!.Count);
        }

        passes.Server.Store(passes.Server.App.With(s => s with { DriftPolicy = DriftPolicy.Repair }));
        passes.Deliver();
        await passes.SettleAsync();
        for (var i = 0; i < 2; i++)
        {
            Scale(5);
            await passes.SettleAsync();
        }

        Assert.Equal(("True Ready", 3L), (passes.Ready, passes.Status.Drift.Count));

        void Scale(int replicas)
        {
            passes.Cluster.Edit("Deployment/shop-web", "kubectl", json => json["spec"]!["replicas"] = replicas);
            passes.Deliver();
        }
    }

    [Fact]
    public async Task What_others_put_into_our_lists_is_taken_out_wherever_it_stands()
    {
        using var passes = await SettledAsync(Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80, extraPorts: [{ name: metrics, port: 9090 }] }]"));
        var before = Specs(passes);
        passes.Cluster.Edit("Deployment/shop-web", "kubectl", json =>
        {
            var containers = json["spec"]!["template"]!["spec"]!["containers"]!.AsArray();
            containers[0]!["ports"]!.AsArray().Insert(0, new JsonObject { ["name"] = "a", ["containerPort"] = 7000, ["protocol"] = "TCP" });
            containers[0]!["ports"]!.AsArray().Add(new JsonObject { ["name"] = "b", ["containerPort"] = 7001, ["protocol"] = "TCP" });
            containers.Insert(0, new JsonObject { ["name"] = "one", ["image"] = "x:1" });
            containers.Insert(0, new JsonObject { ["name"] = "two", ["image"] = "x:1" });
            containers.Add(new JsonObject { ["name"] = "three", ["image"] = "x:1" });
        });
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal(before, Specs(passes));
        Assert.Equal(("True Ready", 1L), (passes.Ready, passes.Status.Drift!.Count));
    }

    [Theory]
    [InlineData("HTTP", "gRPC")]
    [InlineData("gRPC", "HTTP")]
    public async Task A_Service_is_replaced_within_one_pass_and_it_is_told(string before, string after)
    {
        using var passes = await SettledAsync(Given.App($"services: [{{ name: web, image: web:1, protocol: {before}, port: 80 }}]"));
        var uid = passes.Cluster.Get("Service/shop-web").Metadata.Uid;
        passes.Server.Store(passes.Server.App.With($"services: [{{ name: web, image: web:1, protocol: {after}, port: 80 }}]"));
        passes.Deliver();
        passes.Server.Requests.Clear();
        await passes.PassAsync();
        Assert.Equal(["delete Service/shop-web", "create Service/shop-web"], passes.Server.Requests.Where(r => r.EndsWith("Service/shop-web", StringComparison.Ordinal)));
        Assert.NotEqual(uid, passes.Cluster.Get("Service/shop-web").Metadata.Uid);
        Assert.Contains("Normal Recreated: Service/shop-web was deleted and made again: .spec.clusterIP cannot be changed in place", await passes.EventsAsync());
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal(("True Ready", null), (passes.Ready, passes.Status.Drift));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_a_conflict_until_it_is_free_and_never_overwritten()
    {
        var foreign = KubeObject.From(Resources.Services, new() { ["metadata"] = new JsonObject { ["name"] = "shop-web" }, ["spec"] = Yaml.ParseOne("{ ports: [{ port: 7 }] }") });
        using var passes = new Passes(Given.App(Web));
        passes.Cluster.Create(foreign, "somebody");
        passes.Deliver();
        await passes.PassAsync();
        Assert.Equal("False NameConflict", passes.Ready);
        Assert.Equal(7, passes.Cluster.Get("Service/shop-web").Part("spec").GetProperty("ports")[0].GetProperty("port").GetInt32());

        // Asked again, but not at every pass.
        passes.Server.Requests.Clear();
        await passes.PassAsync();
        Assert.DoesNotContain(passes.Server.Requests, r => r.Contains("Service/shop-web", StringComparison.Ordinal));
        passes.Cluster.Delete("Service/shop-web");
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal("True Ready", passes.Ready);
    }

    [Fact]
    public async Task What_an_earlier_app_left_is_waited_for_and_then_made()
    {
        using var earlier = await SettledAsync(Given.Shop());
        var next = Given.Shop() with { Metadata = Given.Shop().Metadata with { Uid = "uid-of-the-next-shop" } };
        using var passes = new Passes(next, earlier.Cluster);
        await passes.PassAsync();
        Assert.Equal("Unknown WaitingForDeletion", passes.Ready);
        Assert.Equal(["status MicroserviceApp/shop"], passes.Server.Writes);
        foreach (var left in passes.Cluster.All.ToList())
            passes.Cluster.Delete(left.Id);
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal("True Ready", passes.Ready);
        Assert.All(passes.Cluster.All, o => Assert.Equal("uid-of-the-next-shop", o.Metadata.ControllerOwner()!.Uid));
    }

    [Fact]
    public async Task What_is_refused_is_asked_again_with_longer_and_longer_pauses_and_the_rest_goes_on()
    {
        using var passes = new Passes(Given.Shop());
        passes.Server.Fault = (request, carryOut) => request == "create Deployment/shop-auth"
            ? ClusterServer.Refusal(HttpStatusCode.Forbidden, "Forbidden", "deployments.apps is forbidden: User \"fleet\" cannot create resource \"deployments\"") : carryOut();
        await passes.PassAsync();
        Assert.Equal("False Forbidden", passes.Ready);
        Assert.NotNull(passes.Cluster.Find("Deployment/shop-users"));
        List<double> pauses = [];
        for (var i = 0; i < 8; i++)
        {
            passes.Server.Requests.Clear();
            var again = Assert.IsType<Outcome.RunAgain>(await passes.PassAsync()).After;
            Assert.DoesNotContain("create Deployment/shop-auth", passes.Server.Requests);
            passes.Time.Advance(again);
            pauses.Add(again.TotalSeconds);
            await passes.PassAsync();
            Assert.Contains("create Deployment/shop-auth", passes.Server.Requests);
        }

        Assert.InRange(pauses[0], 1.5, 2);
        Assert.InRange(pauses[1], 3, 4);
        Assert.InRange(pauses[^1], 45, 60);
    }

    [Theory]
    [InlineData("its service leaves the spec")]
    [InlineData("the spec is refused")]
    [InlineData("the app is suspended")]
    public async Task What_was_refused_and_is_no_longer_wanted_is_not_waited_for(string happens)
    {
        using var passes = new Passes(Given.Shop());
        passes.Server.Fault = (request, carryOut) => request == "create Deployment/shop-users" ? ClusterServer.Refusal(HttpStatusCode.InternalServerError) : carryOut();
        await passes.PassAsync();
        passes.Server.Store(happens switch
        {
            "its service leaves the spec" => passes.Server.App.With("services: [{ name: auth, port: 8001, protocol: HTTP/REST }]"),
            "the spec is refused" => passes.Server.App.With("services: [{ name: web, port: 8001, protocol: HTTP/REST }]"),
            _ => passes.Server.App.With(s => s with { Suspend = true, Services = [.. s.Services.Take(2)] }),
        });
        passes.Deliver();
        passes.Cluster.Ready();
        passes.Deliver();
        await passes.PassAsync();
        passes.Time.Advance(TimeSpan.FromMinutes(10));
        var outcome = await passes.PassAsync();
        Assert.True(outcome is not Outcome.RunAgain { After: var after } || after > TimeSpan.FromSeconds(5), $"{outcome} would be a busy loop");
    }

    [Fact]
    public async Task A_deletion_that_is_refused_is_tried_again()
    {
        using var passes = await SettledAsync(Given.Shop());
        passes.Server.Fault = (request, carryOut) => request == "delete Deployment/shop-users" ? ClusterServer.Refusal(HttpStatusCode.Forbidden, "Forbidden", "no") : carryOut();
        passes.Server.Store(passes.Server.App.With("services: [{ name: auth, port: 8001, protocol: HTTP/REST }]"));
        passes.Deliver();
        var again = Assert.IsType<Outcome.RunAgain>(await passes.PassAsync()).After;
        Assert.Equal(30, again.TotalSeconds);
        Assert.Equal("False ApplyFailed", passes.Ready);
        passes.Server.Fault = (_, carryOut) => carryOut();
        await passes.SettleAsync();
        Assert.Null(passes.Cluster.Find("Deployment/shop-users"));
        Assert.Equal("True Ready", passes.Ready);
    }

    [Fact]
    public async Task An_app_that_is_gone_or_going_is_left_to_the_garbage_collector()
    {
        using var passes = await SettledAsync(Given.Shop());
        passes.Server.Store(passes.Server.App with { Metadata = passes.Server.App.Metadata with { DeletionTimestamp = Given.Start } });
        passes.Cluster.Delete("Service/shop-users");
        passes.Deliver();
        passes.Server.Requests.Clear();
        Assert.Same(Outcome.Settled, await passes.PassAsync());
        Passes.Writer(passes.Caches.Apps).Delete(passes.Server.App);
        Assert.Same(Outcome.Settled, await passes.PassAsync());
        Assert.Empty(passes.Server.Requests);
    }

    [Fact]
    public async Task A_suspended_app_gets_its_status_and_no_other_write()
    {
        using var passes = await SettledAsync(Given.Shop());
        passes.Cluster.Delete("Service/shop-users");
        passes.Server.Store(passes.Server.App.With(s => s with { Suspend = true }));
        passes.Deliver();
        passes.Server.Requests.Clear();
        await passes.SettleAsync();
        Assert.Equal(["status MicroserviceApp/shop"], passes.Server.Requests);
        Assert.Equal("Unknown Suspended", passes.Ready);
    }

    [Fact]
    public async Task A_kind_that_may_not_be_read_stops_all_writes_and_is_named()
    {
        using var passes = await SettledAsync(Given.Shop());
        Passes.Writer(passes.Caches.Children(Resources.Roles)).Denied("roles is forbidden");
        passes.Cluster.Delete("Service/shop-users");
        passes.Deliver();
        passes.Server.Requests.Clear();
        Assert.Equal(30, Assert.IsType<Outcome.RunAgain>(await passes.PassAsync()).After.TotalSeconds);
        Assert.Equal(["status MicroserviceApp/shop"], passes.Server.Requests);
        Assert.Contains("may not list and watch roles.rbac.authorization.k8s.io", passes.Status.Conditions.Single(c => c.Type == Conditions.Ready).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_never_lands_on_the_next_app_of_the_same_name()
    {
        using var passes = new Passes(Given.Shop());
        passes.Server.App = passes.Server.App with { Metadata = passes.Server.App.Metadata with { Uid = "uid-of-the-next-shop" } };
        await Assert.ThrowsAsync<ApiException>(passes.PassAsync);
        Assert.Null(passes.Server.App.Status);
    }

    private static string Specs(Passes passes) => Yaml.WriteAll(passes.Cluster.All.Select(o => Sorted(o.ToJsonObject()["spec"])));

    // Keys have no order; what is told apart by keys, in the lists of these tests, comes back in its own.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static void Rewrite(JsonObject json)
    {
        foreach (var container in json["spec"]?["template"]?["spec"]?["containers"]?.AsArray() ?? [])
            container!["image"] = $"mirror.test/{((string)container["image"]!).Split('/')[^1]}";
    }

    private static async Task<Passes> SettledAsync(MicroserviceApp app)
    {
        var passes = new Passes(app);
        await passes.SettleAsync();
        return passes;
    }
}
