using Fleet.Local.Controllers;
using Xunit;
using static Fleet.Unit.Local.Controllers.Workloads;

namespace Fleet.Unit.Local.Controllers;

public class ReplicaSetPlanTests
{
    [Fact]
    public void What_is_missing_is_made_and_what_ends_or_is_over_does_not_count()
    {
        var plan = ReplicaSetPlan.For(3, [Pod("a"), Pod("b", phase: "Failed"), Pod("c", more: "{ deletionTimestamp: '2026-01-02T03:04:05Z' }")]);
        Assert.Equal((2, 0), (plan.Missing, plan.Surplus.Length));
    }

    [Fact]
    public void Those_go_first_that_are_missed_least()
    {
        PodState[] pods =
        [
            Pod("old", readyFor: 600), Pod("young", readyFor: 5), Pod("unready", ready: false), Pod("pending", phase: "Pending", ready: false),
            Pod("unbound", phase: "Pending", ready: false, node: null), Pod("cheap", more: "{ annotations: { controller.kubernetes.io/pod-deletion-cost: '-5' } }", readyFor: 600),
        ];
        Assert.Equal(["unbound", "pending", "unready", "cheap", "young"], ReplicaSetPlan.For(1, pods).Surplus.Select(p => p.Name));
    }

    [Fact]
    public void A_pod_is_made_from_the_template_and_belongs_to_its_set()
    {
        var pod = ReplicaSetPlan.Pod(Set("web-abc", 1).Object);
        Assert.Equal(("web-abc-", "demo", "web"), (pod.Metadata.GenerateName, pod.Metadata.Namespace, pod.Metadata.Labels!["app"]));
        var owner = Assert.Single(pod.Metadata.OwnerReferences!);
        Assert.Equal(("ReplicaSet", "web-abc", true, true), (owner.Kind, owner.Name, owner.Controller, owner.BlockOwnerDeletion));
        Assert.Equal("web:1", pod.At("spec", "containers").Items().Single().At("image").Text());
    }

    [Fact]
    public void A_status_counts_and_keeps_a_failure_until_it_is_over()
    {
        var set = Set("web-abc", 2).Object;
        var failed = ReplicaSetPlan.Status(set, [Pod("a"), Pod("b", ready: false)], ("FailedCreate", "no room"), Now);
        Assert.Equal((2, 1, 1, "FailedCreate"), ((int)failed["replicas"]!, (int)failed["readyReplicas"]!, (int)failed["availableReplicas"]!, (string?)failed.Condition("ReplicaFailure")!["reason"]));
        Assert.Null(ReplicaSetPlan.Status(set, [], null, Now)["conditions"]);
    }
}
