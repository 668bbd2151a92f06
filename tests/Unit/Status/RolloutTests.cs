using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Status;

public class RolloutTests
{
    [Theory]
    [InlineData(2, 2, 1, 1, 1, 1, true)]
    [InlineData(2, 2, 3, 3, 3, 3, true)]
    [InlineData(2, 2, 0, 0, 0, 0, true)]
    [InlineData(2, 1, 1, 1, 1, 1, false)] // the numbers are about the spec before this one
    [InlineData(2, 2, 1, 2, 1, 1, false)] // an old pod is ready, the new one is not
    [InlineData(2, 2, 2, 2, 1, 2, false)] // ready, but one is old
    [InlineData(2, 2, 2, 2, 2, 1, false)] // new, but one is not ready
    [InlineData(2, 2, 1, 2, 1, 2, false)] // the old one is still there
    [InlineData(2, 2, 3, 2, 2, 2, false)] // a third is wanted
    [InlineData(2, 2, 0, 1, 0, 1, false)] // the last one is not gone yet
    public void A_rollout_is_complete_when_every_pod_is_new_and_ready_and_no_other_is_left(
        int generation, int observed, int desired, int total, int updated, int ready, bool complete)
    {
        var rollout = Rollout.Of(KubeObject.From(Resources.Deployments, new()
        {
            ["metadata"] = new JsonObject { ["name"] = "x", ["generation"] = generation },
            ["spec"] = new JsonObject { ["replicas"] = desired },
            ["status"] = new JsonObject { ["observedGeneration"] = observed, ["replicas"] = total, ["updatedReplicas"] = updated, ["readyReplicas"] = ready },
        }));
        Assert.Equal(complete, rollout.IsComplete);
        Assert.Equal((desired, generation == observed ? updated : 0, ready), (rollout.Counts.Desired, rollout.Counts.Updated, rollout.Counts.Ready));
    }

    [Fact]
    public void A_Deployment_that_nobody_has_looked_at_yet_is_not_complete() =>
        Assert.False(Rollout.Of(KubeObject.From(Resources.Deployments, new()
        {
            ["metadata"] = new JsonObject { ["name"] = "x", ["generation"] = 1 }, ["spec"] = new JsonObject { ["replicas"] = 0 },
        })).IsComplete);

    [Fact]
    public void A_new_spec_is_never_Ready_before_its_pods_are()
    {
        var fleet = new SimulatedFleet(Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]"));
        fleet.Settle();
        fleet.App = fleet.App.With("services: [{ name: web, image: web:2, protocol: HTTP, port: 80 }]");
        List<string> seen = [];
        See("applied");
        fleet.Cluster.Count("web", total: 1, updated: 1, ready: 1, observed: 1);
        See("an old observation arrives late");
        fleet.Cluster.RollsOut("web", FakeCluster.Waits("ContainerCreating"), old: 1);
        See("the old pod is ready, the new one is not");
        fleet.Cluster.RollsOut("web", FakeCluster.Runs(ready: true, Given.Start), old: 1);
        See("both are ready");
        fleet.Cluster.Ready("web");
        See("the old one is gone");
        Assert.Equal(
            [
                "applied: Unknown of 2", "an old observation arrives late: Unknown of 2", "the old pod is ready, the new one is not: Unknown of 2",
                "both are ready: Unknown of 2", "the old one is gone: True of 2",
            ],
            seen);

        void See(string moment)
        {
            fleet.Pass();
            var ready = fleet.Condition(Conditions.Ready)!;
            seen.Add($"{moment}: {ready.Status} of {ready.ObservedGeneration}");
        }
    }
}
