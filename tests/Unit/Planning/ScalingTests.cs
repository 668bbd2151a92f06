using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Planning;

/// <summary>Who sets the number of pods, and that no pod ends when that changes.</summary>
public class ScalingTests
{
    private const string Web = "Deployment/shop-web";
    private const string Autoscaler = "HorizontalPodAutoscaler/shop-web";
    private const string Fixed = "services: [{ name: web, image: web:1, protocol: HTTP, port: 80, replicas: 4, resources: { requests: { cpu: 1 } } }]";
    private const string Free = "services: [{ name: web, image: web:1, protocol: HTTP, port: 80, resources: { requests: { cpu: 1 } } }]";

    private const string Scaled =
        "services: [{ name: web, image: web:1, protocol: HTTP, port: 80, resources: { requests: { cpu: 1 } }, autoscaling: { minReplicas: 2, maxReplicas: 9, cpuUtilization: 70 } }]";

    [Fact]
    public void It_begins_with_the_least()
    {
        var fleet = Settled(Scaled);
        Assert.Equal(2, Replicas(fleet));
        Assert.Equal(2, fleet.Row("web").Replicas.Desired);
        Assert.NotNull(fleet.Cluster.Find(Autoscaler));
    }

    [Fact]
    public void Switched_on_it_hands_over_the_number_that_is_there()
    {
        var fleet = Settled(Fixed);
        fleet.App = fleet.App.With(Scaled);
        var seen = Watch(fleet);
        fleet.Settle();
        Assert.All(seen, n => Assert.Equal(4, n));
        Assert.Equal([Keys.ScaleManager], Owners(fleet));
    }

    [Fact]
    public void What_it_left_behind_keeps_its_budget_and_is_Active_only_when_all_of_it_is_ready()
    {
        var fleet = Settled(Scaled.Replace("autoscaling", "disruption: {}, autoscaling", StringComparison.Ordinal));
        Scale(fleet, 7, isNoted: true);
        fleet.App = fleet.App.With(Free.Replace("resources", "disruption: {}, resources", StringComparison.Ordinal));
        fleet.Settle();
        Assert.NotNull(fleet.Cluster.Find("PodDisruptionBudget/shop-web"));
        Assert.Equal(ServicePhase.Active, fleet.Row("web").State);
        fleet.Cluster.Count("web", total: 7, updated: 7, ready: 1);
        fleet.Pass();
        Assert.Equal(ServicePhase.Progressing, fleet.Row("web").State);
    }

    [Fact]
    public void What_it_left_behind_may_not_lose_its_common_database()
    {
        const string Users = "services: [{ name: users, protocol: HTTP/REST, port: 8002, env: [{ name: ConnectionStrings__Default, value: a }], autoscaling: { minReplicas: 2, maxReplicas: 9, cpuUtilization: 70 }, resources: { requests: { cpu: 1 } } }]";
        var fleet = new SimulatedFleet(Given.Shop().With(Users));
        fleet.Settle();
        fleet.App = fleet.App.With("services: [{ name: users, protocol: HTTP/REST, port: 8002 }]");
        var accepted = fleet.Pass().Conditions.First(c => c.Type == Conditions.Accepted);
        Assert.Equal((ConditionStatus.False, Reasons.InvalidSpec), (accepted.Status, accepted.Reason));
        Assert.Contains("spec.services[0].replicas", accepted.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void What_the_autoscaler_sets_is_left_alone(bool isNoted)
    {
        var fleet = Settled(Scaled);
        Scale(fleet, 7, isNoted);
        Assert.All(fleet.Diff(), a => Assert.IsType<ObjectAction.Keep>(a));
        fleet.Cluster.Ready();
        var row = fleet.Pass().Services[0];
        Assert.Equal((ServicePhase.Active, 7, 7), (row.State, row.Replicas.Desired, row.Replicas.Ready));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_change_of_the_pods_keeps_the_autoscalers_number(bool isNoted)
    {
        var fleet = Settled(Scaled);
        Scale(fleet, 7, isNoted);
        fleet.App = fleet.App.With(Scaled.Replace("web:1", "web:2", StringComparison.Ordinal));
        var seen = Watch(fleet);
        fleet.Settle();
        Assert.All(seen, n => Assert.Equal(7, n));
        Assert.Equal("web:2", fleet.Cluster.Get(Web).Part("spec").GetProperty("template").GetProperty("spec").GetProperty("containers")[0].GetProperty("image").GetString());
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Switched_off_the_pods_stay_until_the_spec_says_a_number(bool isNoted)
    {
        var fleet = Settled(Scaled);
        Scale(fleet, 7, isNoted);
        fleet.App = fleet.App.With(Free);
        var seen = Watch(fleet);
        fleet.Settle();
        Assert.All(seen, n => Assert.Equal(7, n));
        Assert.Null(fleet.Cluster.Find(Autoscaler));
        Assert.Equal((ServicePhase.Active, 7), (fleet.Row("web").State, fleet.Row("web").Replicas.Desired));

        fleet.App = fleet.App.With(Fixed);
        fleet.Settle();
        Assert.Equal(4, Replicas(fleet));
        Scale(fleet, 9, isNoted);
        fleet.Settle();
        Assert.Equal(4, Replicas(fleet));
    }

    [Fact]
    public void An_autoscaler_leaves_zero_alone_so_it_is_brought_up_to_the_least()
    {
        var fleet = Settled(Scaled);
        Scale(fleet, 0, isNoted: true);
        Assert.Equal(".spec.replicas", Assert.Single(fleet.Diff().OfType<ObjectAction.Apply>()).Drift.Single().Path.ToString());
        fleet.Settle();
        Assert.Equal(2, Replicas(fleet));
    }

    [Fact]
    public void Inactive_it_has_no_pods_and_no_autoscaler_and_begins_again_with_the_least()
    {
        var fleet = Settled(Scaled);
        Scale(fleet, 7, isNoted: true);
        fleet.App = fleet.App.With(Scaled.Replace("autoscaling:", "state: Inactive, autoscaling:", StringComparison.Ordinal));
        fleet.Settle();
        Assert.Equal((0, null), (Replicas(fleet), fleet.Cluster.Find(Autoscaler)));
        fleet.App = fleet.App.With(Scaled);
        fleet.Settle();
        Assert.Equal(2, Replicas(fleet));
        Assert.NotNull(fleet.Cluster.Find(Autoscaler));
    }

    [Fact]
    public void Fewer_than_the_least_that_are_ready_are_not_enough()
    {
        var fleet = Settled(Scaled);
        Scale(fleet, 3, isNoted: true);
        fleet.Cluster.Count("web", total: 3, updated: 3, ready: 2);
        Assert.Equal(ServicePhase.Active, fleet.Pass().Services[0].State);
        fleet.Cluster.Count("web", total: 3, updated: 3, ready: 1);
        Assert.Equal(ServicePhase.Progressing, fleet.Pass().Services[0].State);
        fleet.Cluster.Count("web", total: 4, updated: 3, ready: 4);
        Assert.Equal(ServicePhase.Progressing, fleet.Pass().Services[0].State);
    }

    private static SimulatedFleet Settled(string spec)
    {
        var fleet = new SimulatedFleet(Given.App(spec));
        fleet.Settle();
        return fleet;
    }

    // Every number that the Deployment ever has from now on.
    private static List<int> Watch(SimulatedFleet fleet)
    {
        var seen = new List<int>();
        fleet.Cluster.Changed += change =>
        {
            if (change.Now?.Id == Web)
                seen.Add(change.Now.Part("spec").GetProperty("replicas").GetInt32());
        };
        return seen;
    }

    private static void Scale(SimulatedFleet fleet, int replicas, bool isNoted) => fleet.Cluster.Edit(Web, "kube-controller-manager", json => json["spec"]!["replicas"] = replicas, isNoted);

    private static int Replicas(SimulatedFleet fleet) => fleet.Cluster.Get(Web).Part("spec").GetProperty("replicas").GetInt32();

    private static IEnumerable<string?> Owners(SimulatedFleet fleet) => fleet.Cluster.Get(Web).Metadata.ManagedFields!
        .Where(e => e.FieldsV1?.Json is { } fields && fields.TryGetProperty("f:spec", out var spec) && spec.TryGetProperty("f:replicas", out _)).Select(e => e.Manager);
}
