using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Local.Controllers;
using Xunit;
using static Fleet.Unit.Local.Controllers.Workloads;

namespace Fleet.Unit.Local.Controllers;

public class DeploymentPlanTests
{
    [Fact]
    public void A_new_template_is_a_new_set_with_the_next_revision()
    {
        var plan = Plan(Deployment(3, image: "web:2", annotations: "{ note: kept, kubectl.kubernetes.io/last-applied-configuration: x }"), Set("old", 3, annotations: "{ deployment.kubernetes.io/revision: '4' }"));
        var made = plan.Create!;
        var hash = made.At("spec", "selector", "matchLabels", "pod-template-hash").Text();
        Assert.Equal($"web-{hash}", made.Metadata.Name);
        Assert.Equal(hash, made.At("spec", "template", "metadata", "labels", "pod-template-hash").Text());
        Assert.Equal(1, made.At("spec", "replicas").Int()); // one more than wanted, until the old ones go
        Assert.Equal(("5", "5"), (plan.Revision, made.Metadata.Annotations!["deployment.kubernetes.io/revision"]));
        Assert.Equal(("kept", false), (made.Metadata.Annotations["note"], made.Metadata.Annotations.ContainsKey("kubectl.kubernetes.io/last-applied-configuration")));
        Assert.Equal("NewReplicaSetCreated", (string?)plan.Status.Condition("Progressing")!["reason"]);
    }

    [Fact]
    public void The_hash_is_that_of_the_template_and_moves_with_collisions()
    {
        var template = Deployment(1).Template;
        Assert.Equal(TemplateHash.Of(template, 0), TemplateHash.Of(Deployment(5).Template, 0));
        Assert.NotEqual(TemplateHash.Of(template, 0), TemplateHash.Of(template, 1));
        Assert.NotEqual(TemplateHash.Of(template, 0), TemplateHash.Of(Deployment(1, image: "web:2").Template, 0));
        Assert.Matches("^[bcdfghjklmnpqrstvwxz2456789]{1,10}$", TemplateHash.Of(template, 0));
    }

    [Fact]
    public void Recreate_waits_for_the_last_old_pod()
    {
        var deployment = Deployment(2, "{ strategy: { type: Recreate } }", image: "web:2");
        Assert.Equal("old=0", Changes(Plan(deployment, Set("old", 2))));
        var waiting = DeploymentPlan.For(deployment, [Set("old", 0, pods: 0)], _ => true, Now);
        Assert.Null(waiting.Create);
        Assert.Equal(2, DeploymentPlan.For(deployment, [Set("old", 0, pods: 0)], _ => false, Now).Create!.At("spec", "replicas").Int());
    }

    [Fact]
    public void A_paused_deployment_scales_and_does_nothing_else()
    {
        var plan = Plan(Deployment(5, "{ paused: true }", image: "web:2"), Set("old", 3));
        Assert.Null(plan.Create);
        Assert.Equal("old=5", Changes(plan));
        Assert.Equal(("Unknown", "DeploymentPaused"), ((string?)plan.Status.Condition("Progressing")!["status"], (string?)plan.Status.Condition("Progressing")!["reason"]));
    }

    [Theory]
    [InlineData(599, "True", "ReplicaSetUpdated")]
    [InlineData(600, "False", "ProgressDeadlineExceeded")]
    public void The_deadline_runs_from_the_last_move(int seconds, string status, string reason)
    {
        var since = Now.AddSeconds(-seconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var deployment = Deployment(3, status: $"{{ replicas: 3, updatedReplicas: 3, conditions: [{{ type: Progressing, status: 'True', reason: ReplicaSetUpdated, lastUpdateTime: '{since}', lastTransitionTime: '{since}' }}] }}");
        var plan = Plan(deployment, Set("set", 3, available: 0));
        Assert.Equal((status, reason), ((string?)plan.Status.Condition("Progressing")!["status"], (string?)plan.Status.Condition("Progressing")!["reason"]));
        Assert.Equal(seconds == 599 ? TimeSpan.FromSeconds(2) : null, plan.Again);
    }

    [Fact]
    public void A_completed_rollout_stays_so_while_pods_come_and_go()
    {
        const string Done = "{ replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, conditions: [{ type: Progressing, status: 'True', reason: NewReplicaSetAvailable, lastUpdateTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' }] }";
        var plan = Plan(Deployment(3, status: Done), Set("set", 3, available: 1));
        Assert.Equal("NewReplicaSetAvailable", (string?)plan.Status.Condition("Progressing")!["reason"]);
        Assert.Equal("False", (string?)plan.Status.Condition("Available")!["status"]);
        Assert.Null(plan.Again);
    }

    [Fact]
    public void A_refused_pod_is_told()
    {
        var plan = Plan(Deployment(1), Set("set", 1, available: 0, pods: 0, conditions: "[{ type: ReplicaFailure, status: 'True', reason: FailedCreate, message: no room }]"));
        Assert.Equal("no room", (string?)plan.Status.Condition("ReplicaFailure")!["message"]);
    }

    [Fact]
    public void Old_sets_beyond_the_limit_go_once_all_is_done()
    {
        ReplicaSetState[] sets =
        [
            Set("a", 0, image: "a", age: 40, annotations: "{ deployment.kubernetes.io/revision: '1' }"), Set("b", 0, image: "b", age: 30, annotations: "{ deployment.kubernetes.io/revision: '2' }"),
            Set("c", 0, image: "c", age: 20, annotations: "{ deployment.kubernetes.io/revision: '3' }"), Set("d", 2, age: 10, annotations: "{ deployment.kubernetes.io/revision: '4' }"),
        ];
        Assert.Equal(["a", "b"], Plan(Deployment(2, "{ revisionHistoryLimit: 1 }"), sets).Remove.Select(s => s.Name));
        Assert.Empty(Plan(Deployment(3, "{ revisionHistoryLimit: 1 }"), sets).Remove);
    }

    [Fact]
    public void A_settled_deployment_wants_nothing()
    {
        var set = Set("set", 2, annotations: "{ deployment.kubernetes.io/revision: '1', deployment.kubernetes.io/desired-replicas: '2', deployment.kubernetes.io/max-replicas: '3' }");
        var first = Plan(Deployment(2, annotations: "{ deployment.kubernetes.io/revision: '1' }"), set);
        var again = Plan(Deployment(2, status: first.Status.ToJsonString(), annotations: "{ deployment.kubernetes.io/revision: '1' }"), set);
        Assert.Empty(again.Changes);
        Assert.Null(again.Revision);
        Assert.Null(again.Create);
        Assert.False(DeploymentStatuses.Differs(again.Status, System.Text.Json.JsonSerializer.SerializeToElement<JsonNode>(first.Status)));
    }

    [Fact]
    public void A_deployment_that_is_going_is_counted_only()
    {
        var plan = Plan(Deployment(3, image: "web:2", deleted: "2026-01-02T03:04:05Z"), Set("old", 2));
        Assert.Null(plan.Create);
        Assert.Empty(plan.Changes);
        Assert.Equal(2, (int?)plan.Status["replicas"]);
    }

    private static DeploymentPlan Plan(DeploymentState deployment, params ReplicaSetState[] sets) => DeploymentPlan.For(deployment, sets, _ => false, Now);

    private static string Changes(DeploymentPlan plan) => string.Join(',', plan.Changes.Where(c => c.Scales).Select(c => $"{c.Set.Name}={c.Replicas}"));
}
