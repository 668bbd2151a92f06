using Fleet.Kubernetes;
using Fleet.Local.Controllers;
using Xunit;
using static Fleet.Unit.Local.Controllers.Workloads;

namespace Fleet.Unit.Local.Controllers;

public class PolicyTests
{
    [Theory]
    [InlineData(1, 2, "TooFewReplicas")]
    [InlineData(9, 4, "TooManyReplicas")]
    [InlineData(3, 3, "DesiredWithinRange")]
    [InlineData(0, 0, null)]
    public void An_autoscaler_keeps_its_target_within_its_bounds(int wanted, int next, string? reason)
    {
        var bounds = ReplicaBounds.For(Autoscaler("{ minReplicas: 2, maxReplicas: 4 }"), Deployment(wanted).Object, Now);
        Assert.Equal(next, bounds.Replicas);
        Assert.Equal(reason, (string?)bounds.Status.Condition("ScalingLimited")?["reason"]);
        Assert.Equal("False", (string?)bounds.Status.Condition("ScalingActive")!["status"]);
    }

    [Fact]
    public void A_target_that_is_not_there_is_told() =>
        Assert.Equal("FailedGetScale", (string?)ReplicaBounds.For(Autoscaler("{ maxReplicas: 4 }"), null, Now).Status.Condition("AbleToScale")!["reason"]);

    [Theory]
    [InlineData("maxUnavailable: 1", 3, 3, 1, 2)]
    [InlineData("maxUnavailable: 1", 3, 2, 0, 2)]
    [InlineData("maxUnavailable: 30%", 3, 3, 1, 2)]
    [InlineData("minAvailable: 50%", 3, 3, 1, 2)]
    [InlineData("minAvailable: 2", 3, 3, 1, 2)]
    [InlineData("maxUnavailable: 1", 0, 0, 0, 0)]
    public void A_budget_tells_how_many_may_go(string rule, int scale, int ready, int allowed, int desired)
    {
        var budget = KubeObject.From(DisruptionBudget.Budgets, Yaml.ParseOne($"{{ metadata: {{ name: web, generation: 1 }}, spec: {{ {rule} }} }}").AsObject());
        PodState[] pods = [.. Enumerable.Range(0, scale).Select(i => Pod($"p{i}", ready: i < ready))];
        var status = DisruptionBudget.Status(budget, pods, scale, Now);
        Assert.Equal((allowed, desired, ready), ((int)status["disruptionsAllowed"]!, (int)status["desiredHealthy"]!, (int)status["currentHealthy"]!));
    }

    [Theory]
    [InlineData("{ matchLabels: { a: b } }", "{ a: b, c: d }", true)]
    [InlineData("{ matchLabels: { a: x } }", "{ a: b }", false)]
    [InlineData("{ matchExpressions: [{ key: a, operator: In, values: [b, c] }] }", "{ a: c }", true)]
    [InlineData("{ matchExpressions: [{ key: a, operator: NotIn, values: [b] }] }", "{}", true)]
    [InlineData("{ matchExpressions: [{ key: a, operator: Exists }] }", "{}", false)]
    [InlineData("{ matchExpressions: [{ key: a, operator: DoesNotExist }] }", "{}", true)]
    [InlineData("{}", "{ a: b }", true)]
    public void A_selector_selects(string selector, string labels, bool matches)
    {
        static System.Text.Json.JsonElement Json(string yaml) => System.Text.Json.JsonDocument.Parse(Yaml.ParseOne(yaml).ToJsonString()).RootElement;
        Assert.Equal(matches, LabelSelector.Read(Json(selector)).Matches(Json(labels).Texts()));
        Assert.False(LabelSelector.Read(default).Matches(Json(labels).Texts()));
    }

    private static KubeObject Autoscaler(string spec)
    {
        var json = Yaml.ParseOne($"{{ metadata: {{ name: web, namespace: demo, generation: 1 }}, spec: {spec} }}").AsObject();
        json["spec"]!["scaleTargetRef"] = Yaml.ParseOne("{ apiVersion: apps/v1, kind: Deployment, name: web }");
        return KubeObject.From(ReplicaBounds.Autoscalers, json);
    }
}
