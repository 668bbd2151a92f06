using System.Text.Json;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Status;

public class StatusTests
{
    [Fact]
    public void The_documented_table_comes_out_as_it_went_in()
    {
        var fleet = Settled(Given.Shop());
        Assert.Equal(
            [
                "auth 8001 HttpRest Active 1/1 shop-auth.demo.svc:8001 http://shop-gateway.demo.svc/auth public",
                "users 8002 HttpRest Active 1/1 shop-users.demo.svc:8002 http://shop-gateway.demo.svc/users",
                "orders 8003 Grpc Active 1/1 shop-orders.demo.svc:8003 http://shop-gateway.demo.svc/orders.v1.Orders/",
                "gateway 80 Http Active 1/1 shop-gateway.demo.svc:80 http://shop-gateway.demo.svc",
            ],
            fleet.Status.Services.Select(s => $"{s.Name} {s.Port} {s.Protocol} {s.State} {s.Replicas.Ready}/{s.Replicas.Desired} {s.Address} {s.Url}{(s.Public ? " public" : "")}"));
        Assert.Equal(("4/4", "http://shop-gateway.demo.svc"), (fleet.Status.Ready, fleet.Status.Url));
        Assert.Equal("registry.test/fleet/fleet-users:1.0", fleet.Row("users").Image);
    }

    [Theory]
    [InlineData("{}", null, "http://shop-gateway.demo.svc", "http://shop-gateway.demo.svc/web")]
    [InlineData("{ port: 8000 }", null, "http://shop-gateway.demo.svc:8000", "http://shop-gateway.demo.svc:8000/web")]
    [InlineData("{ hostnames: [a.example.com, b.example.com] }", null, "http://a.example.com", "http://a.example.com/web")]
    [InlineData("{ hostnames: ['*.example.com', b.example.com] }", null, "http://b.example.com", "http://b.example.com/web")]
    [InlineData("{ hostnames: ['*.example.com'] }", null, "http://shop-gateway.demo.svc", "http://shop-gateway.demo.svc/web")]
    [InlineData("{ serviceType: LoadBalancer }", null, "http://shop-gateway.demo.svc", "http://shop-gateway.demo.svc/web")]
    [InlineData("{ serviceType: LoadBalancer }", "{ ip: 203.0.113.7 }", "http://203.0.113.7", "http://203.0.113.7/web")]
    [InlineData("{ serviceType: LoadBalancer }", "{ ip: '2001:db8::7' }", "http://[2001:db8::7]", "http://[2001:db8::7]/web")]
    [InlineData("{ serviceType: LoadBalancer, port: 8000 }", "{ hostname: lb.example.net }", "http://lb.example.net:8000", "http://lb.example.net:8000/web")]
    [InlineData("{ serviceType: LoadBalancer, hostnames: [a.example.com] }", "{ ip: 203.0.113.7 }", "http://a.example.com", "http://a.example.com/web")]
    public void The_app_and_its_routes_are_reached_at_the_best_address_there_is(string gateway, string? balancer, string app, string route)
    {
        var fleet = new SimulatedFleet(Given.App($"{{ services: [{{ name: web, image: web:1, protocol: HTTP, port: 80 }}], gateway: {gateway} }}"));
        fleet.Pass();
        if (balancer is not null)
            fleet.Cluster.Edit("Service/shop-gateway", "cloud", json => json["status"] = Yaml.ParseOne($"{{ loadBalancer: {{ ingress: [{balancer}] }} }}"));
        fleet.Settle();
        Assert.Equal((app, route), (fleet.Status.Url, fleet.Row("web").Url));
    }

    [Theory]
    [InlineData("{ pathPrefix: / }", "http://shop-gateway.demo.svc")]
    [InlineData("{ pathPrefix: /a/b }", "http://shop-gateway.demo.svc/a/b")]
    [InlineData("{ hostnames: [api.example.com] }", "http://api.example.com/web")]
    [InlineData("{ hostnames: ['*.example.com'] }", "http://shop-gateway.demo.svc/web")]
    [InlineData("{ enabled: false }", null)]
    public void A_route_of_ones_own_has_an_address_of_its_own(string route, string? url)
    {
        var fleet = Settled(Given.App($"{{ services: [{{ name: web, image: web:1, protocol: HTTP, port: 80, route: {route} }}], gateway: {{}} }}"));
        Assert.Equal(url, fleet.Row("web").Url);
        Assert.Equal(url is not null, fleet.Row("web").Public); // there is no issuer
    }

    [Fact]
    public void Without_a_gateway_nothing_has_a_URL_and_nothing_is_public()
    {
        var fleet = Settled(Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]"));
        Assert.Equal((null, null, false), (fleet.Status.Url, fleet.Row("web").Url, fleet.Row("web").Public));
    }

    [Fact]
    public void An_inactive_service_is_not_counted_and_not_waited_for()
    {
        var fleet = Settled(Given.App("""
            services:
            - { name: users, image: u:1, protocol: HTTP, port: 80, state: Inactive }
            - { name: web, image: w:1, protocol: HTTP, port: 81, dependsOn: [users] }
            """));
        Assert.Equal((ServicePhase.Inactive, null, 0), (fleet.Row("users").State, fleet.Row("users").Reason, fleet.Row("users").Replicas.Desired));
        Assert.Equal(("1/1", ConditionStatus.True), (fleet.Status.Ready, fleet.Condition(Conditions.Ready)!.Status));
    }

    [Fact]
    public void A_bundled_service_without_a_database_says_that_its_data_ends_with_the_pod() =>
        Assert.StartsWith("data ends with the pod", Settled(Given.Shop()).Row("users").Message, StringComparison.Ordinal);

    [Fact]
    public void A_gRPC_service_that_names_no_gRPC_service_says_that_it_has_no_route() =>
        Assert.StartsWith("no route", Settled(Given.App("{ services: [{ name: rpc, image: r:1, protocol: gRPC, port: 80 }], gateway: {} }")).Row("rpc").Message, StringComparison.Ordinal);

    [Fact]
    public void Nothing_changed_is_nothing_written()
    {
        var fleet = Settled(Given.Shop());
        var writes = fleet.StatusWrites;
        for (var i = 0; i < 5; i++)
        {
            fleet.Cluster.Now += TimeSpan.FromHours(1);
            fleet.Pass();
        }

        Assert.Equal(writes, fleet.StatusWrites);
    }

    [Fact]
    public void A_status_says_the_same_after_the_server_stored_it()
    {
        var fleet = Settled(Given.Shop());
        var text = JsonSerializer.Serialize(fleet.Status, AppsJson.Default.AppStatus).Replace("+00:00", "Z", StringComparison.Ordinal);
        Assert.True(StatusBuilder.Same(JsonSerializer.Deserialize(text, AppsJson.Default.AppStatus), fleet.Status));
        Assert.False(StatusBuilder.Same(null, fleet.Status));
        Assert.False(StatusBuilder.Same(fleet.Status with { Ready = "3/4" }, fleet.Status));
    }

    [Fact]
    public void Times_are_whole_seconds_whatever_the_clock_says()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Cluster.Now = new DateTimeOffset(2030, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)).AddMilliseconds(700);
        fleet.Pass();
        Assert.All(fleet.Status.Conditions, c => Assert.Equal(Given.Start, c.LastTransitionTime));
        Assert.All(fleet.Status.Conditions, c => Assert.Equal(TimeSpan.Zero, c.LastTransitionTime.Offset));
    }

    [Fact]
    public void A_condition_keeps_its_time_until_its_status_moves_and_a_row_until_its_state_does()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Pass();
        var began = fleet.Cluster.Now;
        Step();
        fleet.Cluster.Ready("auth", "users", "gateway"); // another reason of the same Unknown
        fleet.Pass();
        Assert.Equal(began, fleet.Condition(Conditions.ServicesAvailable)!.LastTransitionTime);
        Assert.Equal(fleet.Cluster.Now, fleet.Row("users").LastTransitionTime);
        var active = fleet.Cluster.Now;
        Step();
        fleet.Settle();
        Assert.Equal(fleet.Cluster.Now, fleet.Condition(Conditions.ServicesAvailable)!.LastTransitionTime);
        Assert.Equal(active, fleet.Row("users").LastTransitionTime);
        Assert.Equal(began, fleet.Condition(Conditions.Accepted)!.LastTransitionTime);

        void Step() => fleet.Cluster.Now += TimeSpan.FromMinutes(1);
    }

    [Theory]
    [InlineData(0, 599, "Waiting", Reasons.WaitingForDependency)]
    [InlineData(0, 600, "Stalled", Reasons.ProgressDeadlineExceeded)]
    [InlineData(60, 59, "Waiting", Reasons.WaitingForDependency)]
    [InlineData(60, 60, "Stalled", Reasons.ProgressDeadlineExceeded)]
    public void A_wait_that_is_too_long_is_told(int deadline, int seconds, string state, string reason)
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { ProgressDeadlineSeconds = deadline == 0 ? null : deadline }));
        fleet.Pass();
        Assert.Equal(deadline == 0 ? 600 : deadline, fleet.AskAgain?.TotalSeconds);
        fleet.Cluster.Ready("auth", "gateway");
        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ContainerCreating"));
        fleet.Cluster.Now += TimeSpan.FromSeconds(seconds);
        fleet.Pass();
        Assert.Equal((state, reason), (fleet.Row("orders").State.ToString(), fleet.Row("orders").Reason));
        Assert.StartsWith("waits for users to become Active", fleet.Row("orders").Message, StringComparison.Ordinal);

        // Said once; when the wait ends, it ends.
        var writes = fleet.StatusWrites;
        fleet.Cluster.Now += TimeSpan.FromSeconds(state == "Stalled" ? 5000 : 0);
        fleet.Pass();
        Assert.Equal(writes, fleet.StatusWrites);
        fleet.Settle();
        Assert.Equal(ServicePhase.Active, fleet.Row("orders").State);
    }

    [Fact]
    public void While_an_app_is_suspended_nothing_is_late_and_afterwards_the_time_begins_anew()
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { Suspend = true }));
        fleet.Pass();
        fleet.Cluster.Now += TimeSpan.FromDays(1);
        fleet.Pass();
        Assert.Equal(1, fleet.StatusWrites);
        Assert.Null(fleet.AskAgain);
        Assert.All(fleet.Status.Services, s => Assert.Equal(ServicePhase.Waiting, s.State));
        Assert.Equal((ConditionStatus.Unknown, Reasons.Suspended), (fleet.Condition(Conditions.Ready)!.Status, fleet.Condition(Conditions.Ready)!.Reason));

        fleet.App = fleet.App.With(s => s with { Suspend = false });
        fleet.Pass();
        Assert.Equal(ServicePhase.Waiting, fleet.Row("orders").State); // for users, and not for a day
        Assert.Equal(TimeSpan.FromSeconds(600), fleet.AskAgain);
    }

    [Theory]
    [InlineData(null, Reasons.ProgressDeadlineExceeded)]
    [InlineData("ImagePullBackOff", Reasons.ImagePullFailed)]
    public void A_rollout_that_Kubernetes_gave_up_on_is_Stalled_by_its_cause(string? waiting, string reason)
    {
        var fleet = Settled(Given.Shop());
        fleet.Cluster.RollsOut("users", FakeCluster.Waits(waiting ?? "ContainerCreating")).IsOverdue("users");
        fleet.Pass();
        Assert.Equal((ServicePhase.Stalled, reason), (fleet.Row("users").State, fleet.Row("users").Reason));
        Assert.Equal((ConditionStatus.False, reason), (fleet.Condition(Conditions.ServicesAvailable)!.Status, fleet.Condition(Conditions.ServicesAvailable)!.Reason));
    }

    [Fact]
    public void A_refused_spec_leaves_the_table_of_what_runs()
    {
        var fleet = Settled(Given.Shop());
        var before = fleet.Status;
        fleet.App = fleet.App.With("{ services: [{ name: users, protocol: HTTP/REST, port: 8002, dependsOn: [nobody] }], gateway: {} }");
        fleet.Pass();
        Assert.Equal(before.Services, fleet.Status.Services);
        Assert.Equal((before.Ready, before.Url, 2L), (fleet.Status.Ready, fleet.Status.Url, fleet.Status.ObservedGeneration));
        Assert.Equal(ConditionStatus.False, fleet.Condition(Conditions.Ready)!.Status);
        Assert.Equal(1, fleet.Condition(Conditions.ResourcesApplied)!.ObservedGeneration); // about the last spec that was accepted
        Assert.Equal(1, fleet.Condition(Conditions.ServicesAvailable)!.ObservedGeneration);

        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ImagePullBackOff"));
        fleet.Pass();
        Assert.Equal((ServicePhase.Degraded, "3/4"), (fleet.Row("users").State, fleet.Status.Ready));
        Assert.Equal(Reasons.InvalidSpec, fleet.Condition(Conditions.Ready)!.Reason);
        fleet.App = fleet.App.With(_ => Given.Shop().Spec);
        fleet.Settle();
        Assert.Equal(ConditionStatus.True, fleet.Condition(Conditions.Ready)!.Status);
    }

    [Fact]
    public void A_refused_spec_opens_no_gate_and_says_for_whom_it_is_closed()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Pass();
        fleet.App = fleet.App.With("services: [{ name: web, protocol: HTTP, port: 80 }]");
        fleet.Cluster.Ready("users");
        fleet.Pass();
        Assert.Equal((ServicePhase.Waiting, "waits for users to become Active"), (fleet.Row("orders").State, fleet.Row("orders").Message));
        Assert.Equal(ServicePhase.Active, fleet.Row("users").State);
    }

    [Fact]
    public void An_app_that_was_never_accepted_has_an_empty_table()
    {
        var fleet = new SimulatedFleet(Given.App("services: [{ name: web, protocol: HTTP, port: 80 }]"));
        fleet.Pass();
        Assert.Empty(fleet.Status.Services);
        Assert.Equal(("0/0", 1L), (fleet.Status.Ready, fleet.Status.ObservedGeneration));
    }

    [Fact]
    public void An_app_that_cannot_be_read_says_where()
    {
        var fleet = new SimulatedFleet(Given.Shop() with { Spec = new() { Services = [] }, Unreadable = "spec.services[0].port: not a value this version of the operator knows" });
        fleet.Pass();
        var accepted = fleet.Condition(Conditions.Accepted)!;
        Assert.Equal((Reasons.InvalidSpec, "spec.services[0].port: not a value this version of the operator knows"), (accepted.Reason, accepted.Message));
    }

    [Fact]
    public void Drift_adds_up_and_the_newest_is_shown()
    {
        var fleet = Settled(Given.Shop());
        Assert.Null(fleet.Status.Drift);
        var once = With(fleet.App, Drift("first"));
        Assert.Equal((1L, "first"), (once.Status!.Drift!.Count, once.Status.Drift.Last!.Object));
        var more = With(once, Drift("second"), Drift("third"));
        Assert.Equal((3L, "third"), (more.Status!.Drift!.Count, more.Status.Drift.Last!.Object));
        Assert.Equal((3L, "third"), (With(more).Status!.Drift!.Count, With(more).Status!.Drift!.Last!.Object));

        MicroserviceApp With(MicroserviceApp app, params DriftRecord[] drift)
        {
            var plan = Planner.Plan(app, fleet.World, Given.Settings);
            var results = PlanDiff.Between(plan, fleet.World).Select(a => new ObjectResult(a)).ToList();
            return app with { Status = StatusBuilder.Of(plan, fleet.World, results, drift, fleet.Cluster.Now).Status };
        }

        static DriftRecord Drift(string obj) => new() { Object = obj, Field = ".spec", Manager = "kubectl", Time = Given.Start };
    }

    [Fact]
    public void What_somebody_elses_Deployment_does_is_not_told_of_the_service_that_it_is_in_the_way_of()
    {
        var fleet = Settled(Given.Shop());
        fleet.Cluster.Edit("Deployment/shop-users", "kubectl", json => ((System.Text.Json.Nodes.JsonObject)json["metadata"]!).Remove("ownerReferences"));
        fleet.Pass();
        Assert.Equal((ServicePhase.Waiting, Reasons.NameConflict, 0), (fleet.Row("users").State, fleet.Row("users").Reason, fleet.Row("users").Replicas.Ready));
    }

    private static SimulatedFleet Settled(MicroserviceApp app)
    {
        var fleet = new SimulatedFleet(app);
        fleet.Settle();
        return fleet;
    }
}
