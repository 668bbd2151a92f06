using Fleet.Local.Controllers;
using Xunit;
using static Fleet.Unit.Local.Controllers.Workloads;

namespace Fleet.Unit.Local.Controllers;

public class RollingUpdateTests
{
    [Theory]
    [InlineData("25%", "25%", 4, 1, 1)]
    [InlineData("25%", "25%", 3, 1, 0)]
    [InlineData("0", "0", 3, 0, 1)]
    [InlineData("0%", "1%", 3, 0, 1)]
    [InlineData("2", "5", 3, 2, 3)]
    [InlineData("100%", "50%", 5, 5, 2)]
    public void A_surge_is_rounded_up_and_an_absence_down(string surge, string unavailable, int replicas, int maxSurge, int maxUnavailable)
    {
        var deployment = Deployment(replicas, $"{{ strategy: {{ rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }} }} }}");
        Assert.Equal((maxSurge, maxUnavailable), (deployment.MaxSurge, deployment.MaxUnavailable));
    }

    [Fact]
    public void The_new_set_grows_first_as_far_as_the_surge_allows()
    {
        var newest = Set("new", 0, image: "web:2", age: 0);
        Assert.Equal("new=1", Next(Deployment(3, image: "web:2"), newest, Set("old", 3)));
    }

    [Fact]
    public void Then_the_old_ones_shrink_as_far_as_availability_allows() =>
        Assert.Equal("old=2", Next(Deployment(3, image: "web:2"), Set("new", 1, available: 0, image: "web:2", age: 0), Set("old", 3)));

    [Fact]
    public void Pods_that_are_of_no_use_go_first() => Assert.Equal("bad=0", Next(
        Deployment(3, image: "web:2"), Set("new", 1, available: 0, image: "web:2", age: 0), Set("bad", 1, available: 0, image: "web:0", age: 20), Set("old", 2)));

    [Fact]
    public void Nothing_moves_while_the_new_pods_are_not_there() =>
        Assert.Equal("", Next(Deployment(3, image: "web:2"), Set("new", 2, available: 0, image: "web:2", age: 0), Set("old", 2)));

    [Fact]
    public void Every_rollout_ends_and_never_leaves_its_bounds()
    {
        foreach (var (replicas, surge, unavailable) in
            from replicas in Enumerable.Range(1, 12) from surge in Enumerable.Range(0, 5) from unavailable in Enumerable.Range(0, 5) select (replicas, surge, unavailable))
            Assert.True(EndsWithinBounds(replicas, surge, unavailable), $"{replicas} replicas, maxSurge {surge}, maxUnavailable {unavailable}");
    }

    [Fact]
    public void A_new_number_is_shared_out_by_size() =>
        Assert.Equal("new=4,old=9", Rescaled(
            Deployment(12, image: "web:2"),
            Set("new", 3, image: "web:2", age: 0, annotations: "{ deployment.kubernetes.io/desired-replicas: '8', deployment.kubernetes.io/max-replicas: '9' }"),
            Set("old", 6, annotations: "{ deployment.kubernetes.io/desired-replicas: '8', deployment.kubernetes.io/max-replicas: '9' }")));

    [Fact]
    public void The_only_set_gets_it_all() => Assert.Equal("old=7", Rescaled(Deployment(7, image: "web:2"), Set("new", 0, image: "web:2", age: 0), Set("old", 3)));

    // New pods become ready at once.
    private static bool EndsWithinBounds(int replicas, int surge, int unavailable)
    {
        var deployment = Deployment(replicas, $"{{ strategy: {{ rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }} }} }}", image: "web:2");
        var (now, was) = (0, replicas);
        for (var step = 0; step < 100; step++)
        {
            foreach (var change in RollingUpdate.Next(deployment, Set("new", now, image: "web:2", age: 0), [Set("old", was)]))
                (now, was) = change.Set.Name == "new" ? (change.Replicas, was) : (now, change.Replicas);
            if (now + was > replicas + deployment.MaxSurge || now + was < replicas - deployment.MaxUnavailable)
                return false;
            if (now == replicas && was == 0)
                return true;
        }

        return false;
    }

    private static string Next(DeploymentState deployment, ReplicaSetState newest, params ReplicaSetState[] old) => Text(RollingUpdate.Next(deployment, newest, old));

    private static string Rescaled(DeploymentState deployment, ReplicaSetState newest, params ReplicaSetState[] old) => Text(RollingUpdate.Rescale(deployment, newest, old));

    private static string Text(IEnumerable<RollingUpdate.Change> changes) =>
        string.Join(',', changes.Select(c => $"{c.Set.Name}={c.Replicas}").Order(StringComparer.Ordinal));
}
