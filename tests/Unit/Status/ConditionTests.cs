using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Status;

/// <summary>The table of conditions, row by row: how each reason comes about, and what Ready makes of it.</summary>
public class ConditionTests
{
    [Fact]
    public void An_app_whose_services_all_run_is_Ready()
    {
        var fleet = Settled();
        Expect(fleet, Conditions.Accepted, "True", Reasons.Valid);
        Expect(fleet, Conditions.ResourcesApplied, "True", Reasons.Applied);
        Expect(fleet, Conditions.ServicesAvailable, "True", Reasons.AllActive);
        Expect(fleet, Conditions.RoutesProgrammed, "True", Reasons.Programmed);
        Expect(fleet, Conditions.Ready, "True", Reasons.Ready);
        Assert.Equal("4/4", fleet.Status.Ready);
    }

    [Theory]
    [InlineData("services: [{ name: web, protocol: HTTP, port: 80 }]", Reasons.InvalidSpec, "spec.services[0].image: ")]
    [InlineData("services: [{ name: a, image: a:1, protocol: HTTP, port: 80, dependsOn: [b] }, { name: b, image: b:1, protocol: HTTP, port: 80, dependsOn: [a] }]",
        Reasons.DependencyCycle, "a -> b -> a")]
    [InlineData("services: [{ name: a, image: a:1, protocol: HTTP, port: 80, dependsOn: [b] }, { name: b, protocol: HTTP, port: 80, dependsOn: [a] }]",
        Reasons.InvalidSpec, "a -> b -> a")]
    public void A_spec_that_breaks_rules_is_not_accepted(string spec, string reason, string message)
    {
        var fleet = new SimulatedFleet(Given.App(spec));
        fleet.Pass();
        Expect(fleet, Conditions.Accepted, "False", reason, message);
        Expect(fleet, Conditions.Ready, "False", reason, message);
        Assert.Equal([Conditions.Accepted, Conditions.Ready, Conditions.Stalled], fleet.Status.Conditions.Select(c => c.Type));
        Assert.Empty(fleet.Cluster.All);
    }

    [Theory]
    [InlineData(Reasons.ApplyFailed)]
    [InlineData(Reasons.Forbidden)]
    [InlineData(Reasons.QuotaExceeded)]
    [InlineData(Reasons.NameConflict)]
    public void An_object_that_cannot_be_written_is_told_and_the_others_go_on(string reason)
    {
        var fleet = new SimulatedFleet(Given.Shop()).Refuse("Deployment/shop-auth", new(reason, "do this"));
        fleet.Settle();
        Expect(fleet, Conditions.ResourcesApplied, "False", reason, "auth: do this");
        Expect(fleet, Conditions.Ready, "False", reason, "auth: do this");
        Assert.Equal((ServicePhase.Waiting, reason), (fleet.Row("auth").State, fleet.Row("auth").Reason));
        Assert.Equal((ServicePhase.Active, ServicePhase.Active), (fleet.Row("users").State, fleet.Row("gateway").State));
        fleet.Refuse("Deployment/shop-auth", null).Settle();
        Expect(fleet, Conditions.Ready, "True", Reasons.Ready);
    }

    [Fact]
    public void A_service_that_runs_is_Active_although_something_beside_it_cannot_be_written()
    {
        var fleet = new SimulatedFleet(Given.Shop()).Refuse("Service/shop-auth", new(Reasons.NameConflict, "in the way"));
        fleet.Settle();
        Assert.Equal(ServicePhase.Active, fleet.Row("auth").State);
        Expect(fleet, Conditions.Ready, "False", Reasons.NameConflict, "auth: in the way");
    }

    [Fact]
    public void A_missing_pull_secret_holds_back_Deployments_only()
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { Defaults = new() { ImagePullSecrets = [new() { Name = "login" }] } }))
        {
            Config = Observed.Nothing.Config.Add(new("Secret", "login"), ConfigContent.Missing),
        };
        fleet.Settle();
        Expect(fleet, Conditions.ResourcesApplied, "False", Reasons.SecretNotFound, "Secret/login");
        Assert.DoesNotContain(fleet.Cluster.All, o => o.Resource == Resources.Deployments);
        Assert.Contains(fleet.Cluster.All, o => o.Id == "Service/shop-auth");
        fleet.Config = fleet.Config.SetItem(new("Secret", "login"), new());
        fleet.Settle();
        Expect(fleet, Conditions.Ready, "True", Reasons.Ready);
    }

    [Fact]
    public void Drift_that_is_only_reported_is_told()
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { DriftPolicy = DriftPolicy.Report }));
        fleet.Settle();
        fleet.Cluster.Edit("Service/shop-auth", "kubectl", json => json["spec"]!["type"] = "NodePort");
        fleet.Pass();
        Expect(fleet, Conditions.ResourcesApplied, "False", Reasons.Drifted, "auth: Service/shop-auth: .spec.type");
        Expect(fleet, Conditions.Ready, "False", Reasons.Drifted);
        Assert.Equal("NodePort", fleet.Cluster.Get("Service/shop-auth").Part("spec").GetProperty("type").GetString());
    }

    [Fact]
    public void A_suspended_app_says_so_and_its_services_keep_their_state()
    {
        var fleet = Settled();
        fleet.App = fleet.App.With(s => s with { Suspend = true });
        fleet.Cluster.Delete("Service/shop-auth");
        fleet.Pass();
        Expect(fleet, Conditions.ResourcesApplied, "Unknown", Reasons.Suspended);
        Expect(fleet, Conditions.Ready, "Unknown", Reasons.Suspended);
        Assert.All(fleet.Status.Services, s => Assert.Equal(ServicePhase.Active, s.State));
        Assert.Null(fleet.Condition(Conditions.Reconciling));
        Assert.Null(fleet.Cluster.Find("Service/shop-auth"));

        // What fails is told all the same.
        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ImagePullBackOff"));
        fleet.Pass();
        Expect(fleet, Conditions.Ready, "False", Reasons.ImagePullFailed, "users: ");
    }

    [Fact]
    public void A_kind_that_may_not_be_read_is_Forbidden()
    {
        var fleet = Settled();
        fleet.Denied = ["the operator may not list and watch deployments.apps"];
        fleet.Pass();
        Expect(fleet, Conditions.ResourcesApplied, "False", Reasons.Forbidden, "the operator may not list and watch deployments.apps");
    }

    [Fact]
    public void A_first_start_waits_for_its_dependencies()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Pass();
        fleet.Cluster.Ready("auth", "gateway");
        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ContainerCreating"));
        fleet.Pass();
        Assert.Equal((ServicePhase.Waiting, Reasons.WaitingForDependency, "waits for users to become Active"), (fleet.Row("orders").State, fleet.Row("orders").Reason, fleet.Row("orders").Message));
        Expect(fleet, Conditions.ServicesAvailable, "Unknown", Reasons.RollingOut, "users: ");
        fleet.App = fleet.App with { Spec = fleet.App.Spec with { Services = [.. fleet.App.Spec.Services.Reverse()] } };
        fleet.Pass();
        Expect(fleet, Conditions.ServicesAvailable, "Unknown", Reasons.WaitingForDependency, "orders: waits for users to become Active");
        Expect(fleet, Conditions.Reconciling, "True", Reasons.WaitingForDependency);
    }

    [Fact]
    public void An_object_of_an_earlier_app_is_waited_for()
    {
        var fleet = Settled();
        fleet.App = fleet.App with { Status = null, Metadata = fleet.App.Metadata with { Uid = "uid-of-the-next-shop" } };
        fleet.Pass();
        Assert.All(fleet.Status.Services, s => Assert.Equal((ServicePhase.Waiting, Reasons.WaitingForDeletion), (s.State, s.Reason)));
        Expect(fleet, Conditions.ResourcesApplied, "Unknown", Reasons.WaitingForDeletion);
        Expect(fleet, Conditions.ServicesAvailable, "Unknown", Reasons.WaitingForDeletion, "auth: ");
        Expect(fleet, Conditions.Ready, "Unknown", Reasons.WaitingForDeletion);
        foreach (var left in fleet.Cluster.All.ToList())
            fleet.Cluster.Delete(left.Id);
        fleet.Settle();
        Expect(fleet, Conditions.Ready, "True", Reasons.Ready);
    }

    [Fact]
    public void Config_that_is_missing_is_told_of_the_service_that_needs_it_also_while_its_pods_run()
    {
        var fleet = new SimulatedFleet(Given.App("""
            services:
            - { name: web, image: web:1, protocol: HTTP, port: 80, envFrom: [{ secretRef: { name: db } }, { configMapRef: { name: texts, optional: true } }] }
            - { name: api, image: api:1, protocol: HTTP, port: 81, env: [{ name: A, valueFrom: { secretKeyRef: { name: db, key: url } } }] }
            """))
        {
            Config = Observed.Nothing.Config.Add(new("Secret", "db"), ConfigContent.Missing).Add(new("ConfigMap", "texts"), ConfigContent.Missing),
        };
        fleet.Settle();
        Expect(fleet, Conditions.ServicesAvailable, "False", Reasons.ConfigMissing, "web: Secret/db does not exist: create it, or mark its use optional");
        Expect(fleet, Conditions.ResourcesApplied, "True", Reasons.Applied); // applied all the same
        fleet.Config = fleet.Config.SetItem(new("Secret", "db"), new() { Keys = Observed.Nothing.Config.IsEmpty ? System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty : null });
        fleet.Settle();
        Assert.Equal(ServicePhase.Active, fleet.Row("web").State);
        Assert.Equal((Reasons.ConfigMissing, "Secret/db has no key url: add it, or mark its use optional"), (fleet.Row("api").Reason, fleet.Row("api").Message));
    }

    [Fact]
    public void A_routed_service_without_a_ready_replica_is_told_when_it_fails_and_not_while_it_starts()
    {
        var fleet = Settled();
        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ContainerCreating"));
        fleet.Pass();
        Expect(fleet, Conditions.RoutesProgrammed, "Unknown", Reasons.Pending, "users: ");
        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ImagePullBackOff"));
        fleet.Pass();
        Expect(fleet, Conditions.RoutesProgrammed, "False", Reasons.BackendsUnavailable, "users: ");
        Expect(fleet, Conditions.Ready, "False", Reasons.ImagePullFailed, "users: image ");
    }

    [Fact]
    public void A_routed_service_of_no_replicas_is_unavailable_and_nobody_but_its_owner_can_help()
    {
        var fleet = new SimulatedFleet(Given.App("{ services: [{ name: web, image: web:1, protocol: HTTP, port: 80, replicas: 0 }], gateway: {} }"));
        fleet.Settle();
        Assert.Equal(ServicePhase.Active, fleet.Row("web").State);
        Expect(fleet, Conditions.RoutesProgrammed, "False", Reasons.BackendsUnavailable, "web: ");
        Expect(fleet, Conditions.Ready, "False", Reasons.BackendsUnavailable);
    }

    [Fact]
    public void Routes_are_pending_until_a_gateway_with_them_is_ready()
    {
        var fleet = new SimulatedFleet(Given.Shop()).Refuse("ConfigMap/shop-routes", new(Reasons.ApplyFailed, "no"));
        fleet.Settle();
        Expect(fleet, Conditions.RoutesProgrammed, "Unknown", Reasons.Pending);
        fleet.Refuse("ConfigMap/shop-routes", null).Settle();
        Expect(fleet, Conditions.RoutesProgrammed, "True", Reasons.Programmed);
        fleet.Cluster.RollsOut("gateway", FakeCluster.Waits("ContainerCreating"));
        fleet.Pass();
        Expect(fleet, Conditions.RoutesProgrammed, "Unknown", Reasons.Pending, "gateway: ");
        fleet.App = fleet.App.With("services: [{ name: users, port: 8002, protocol: HTTP/REST }]");
        fleet.Settle();
        Expect(fleet, Conditions.RoutesProgrammed, "True", Reasons.NotRequested);
    }

    [Fact]
    public void What_is_False_beats_what_is_Unknown_and_the_first_cause_is_told()
    {
        var fleet = Settled();
        fleet.Cluster.RollsOut("auth", FakeCluster.Waits("ContainerCreating"));
        fleet.Cluster.RollsOut("users", FakeCluster.Waits("ImagePullBackOff"));
        fleet.Cluster.RollsOut("orders", FakeCluster.Waits("CrashLoopBackOff", restarts: 2));
        fleet.Pass();
        Expect(fleet, Conditions.ServicesAvailable, "False", Reasons.ImagePullFailed, "users: ");
        fleet.Refuse("Service/shop-auth", new(Reasons.Forbidden, "no")).Cluster.Delete("Service/shop-auth");
        fleet.Pass();
        Expect(fleet, Conditions.Ready, "False", Reasons.Forbidden, "auth: ");
        Expect(fleet, Conditions.Stalled, "True", Reasons.Forbidden);
    }

    private static SimulatedFleet Settled()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Settle();
        return fleet;
    }

    private static void Expect(SimulatedFleet fleet, string type, string status, string reason, string message = "")
    {
        var condition = fleet.Condition(type);
        Assert.NotNull(condition);
        Assert.Equal((status, reason), (condition.Status.ToString(), condition.Reason));
        Assert.Contains(message, condition.Message, StringComparison.Ordinal);
        Consistent(fleet);
    }

    // What holds for every status, however it came about.
    private static void Consistent(SimulatedFleet fleet)
    {
        var (status, generation) = (fleet.Status, fleet.App.Metadata.Generation);
        Assert.Equal(generation, status.ObservedGeneration);
        var parts = status.Conditions.Where(c => c.Type is not (Conditions.Ready or Conditions.Reconciling or Conditions.Stalled)).ToList();
        var ready = status.Conditions.Single(c => c.Type == Conditions.Ready);
        Assert.Equal(parts.Any(p => p.Status == ConditionStatus.False) ? ConditionStatus.False : parts.Any(p => p.Status == ConditionStatus.Unknown) ? ConditionStatus.Unknown : ConditionStatus.True, ready.Status);
        Assert.Equal(generation, ready.ObservedGeneration);
        Assert.All(status.Conditions.Where(c => c.Type is Conditions.Reconciling or Conditions.Stalled), c => Assert.Equal(ConditionStatus.True, c.Status));
        Assert.Equal(status.Conditions.Count, status.Conditions.DistinctBy(c => c.Type).Count());
        var counted = status.Services.Where(s => s.State != ServicePhase.Inactive).ToList();
        Assert.Equal($"{counted.Count(s => s.State == ServicePhase.Active)}/{counted.Count}", status.Ready);
        Assert.All(status.Services, s => Assert.Equal(s.State is ServicePhase.Active or ServicePhase.Inactive, s.Reason is null));
    }
}
