using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>What the controllers make of Deployments and Services, pods being made ready by the stand-in node.</summary>
public class WorkloadTests : ConformanceTest
{
    private StandInNode Node { get; set; } = null!;

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Node = await SystemTest.SharedNode.Value;
    }

    [Fact]
    public async Task A_Deployment_makes_a_ReplicaSet_and_that_makes_pods()
    {
        var made = await AppliedAsync(Web(replicas: 2));
        await RolledOutAsync();
        var set = Assert.Single(await ListAsync("replicasets"));
        var hash = set.Text("metadata.labels.pod-template-hash")!;
        Assert.Equal(($"web-{hash}", hash, hash), (set.Text("metadata.name"), set.Text("spec.selector.matchLabels.pod-template-hash"), set.Text("spec.template.metadata.labels.pod-template-hash")));
        Assert.Equal(("Deployment", "web", made.Text("metadata.uid"), true), Controller(set));
        Assert.Equal("1", Annotation(set, "deployment.kubernetes.io/revision"));
        Assert.Equal("2", Annotation(set, "deployment.kubernetes.io/desired-replicas"));
        Assert.Equal("3", Annotation(set, "deployment.kubernetes.io/max-replicas"));

        var pods = await ListAsync("pods");
        Assert.Equal(2, pods.Count);
        Assert.All(pods, pod =>
        {
            Assert.Matches($"^web-{hash}-[a-z0-9]{{5}}$", pod.Text("metadata.name")!);
            Assert.Equal($"web-{hash}-", pod.Text("metadata.generateName"));
            Assert.Equal(("ReplicaSet", set.Text("metadata.name"), set.Text("metadata.uid"), true), Controller(pod));
            Assert.Equal(hash, pod.Text("metadata.labels.pod-template-hash"));
        });
    }

    [Fact]
    public async Task A_Deployments_status_counts_and_tells()
    {
        await AppliedAsync(Web(replicas: 2));
        var web = await RolledOutAsync();
        Assert.Equal((2L, 2L, 2L, 2L), (web.Number("status.replicas"), web.Number("status.updatedReplicas"), web.Number("status.readyReplicas"), web.Number("status.availableReplicas")));
        Assert.Null(web.At("status.unavailableReplicas"));
        Assert.Equal("1", Annotation(web, "deployment.kubernetes.io/revision"));
        Assert.Equal(("True", "MinimumReplicasAvailable"), Condition(web, "Available"));
        await Eventual(Apps("deployments/web"), d => Condition(d, "Progressing") == ("True", "NewReplicaSetAvailable"));
    }

    [Fact]
    public async Task A_new_template_rolls_and_the_old_set_is_kept()
    {
        await AppliedAsync(Web(replicas: 3));
        await RolledOutAsync();
        await AppliedAsync(Web(replicas: 3, image: "example/web:2"));
        var web = await RolledOutAsync();
        Assert.Equal("2", Annotation(web, "deployment.kubernetes.io/revision"));
        var sets = await Eventually.That(() => ListAsync("replicasets"), s => s.Count == 2 && s.Any(x => x.Number("spec.replicas") == 0));
        Assert.Equal(["1", "2"], sets.Select(s => Annotation(s, "deployment.kubernetes.io/revision")).Order(StringComparer.Ordinal));
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 3 && pods.All(p => p.Text("spec.containers[0].image") == "example/web:2"));
    }

    [Fact]
    public async Task A_template_of_before_takes_up_its_old_set()
    {
        await AppliedAsync(Web());
        await RolledOutAsync();
        await AppliedAsync(Web(image: "example/web:2"));
        await RolledOutAsync();
        await AppliedAsync(Web());
        var web = await RolledOutAsync();
        Assert.Equal("3", Annotation(web, "deployment.kubernetes.io/revision"));
        Assert.Equal(2, (await ListAsync("replicasets")).Count);
        await Kubectl.RunAsync("rollout undo deployment/web");
        await Eventual(Apps("deployments/web"), d => d.Text("spec.template.spec.containers[0].image") == "example/web:2");
        Assert.Contains("deployment.apps/web", await Kubectl.RunAsync("rollout history deployment/web"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "0", 4, 3)]
    [InlineData("0", "1", 3, 2)]
    [InlineData("25%", "25%", 4, 3)]
    [InlineData("100%", "100%", 6, 0)]
    public async Task A_stuck_rollout_keeps_within_its_bounds(string surge, string unavailable, int most, int least)
    {
        await AppliedAsync(Web(replicas: 3, more: $"strategy: {{ rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }} }}"));
        await RolledOutAsync();
        await AppliedAsync(Web(replicas: 3, image: "example/web:2", state: "NotReady", more: $"strategy: {{ rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }} }}"));
        await Eventually.That(
            async () => (Pods: await ListAsync("pods"), Web: (await Wire.GetAsync(Apps("deployments/web"))).Ok),
            seen => seen.Pods.Count(p => p.Text("metadata.deletionTimestamp") is null) == (least == 0 ? 3 : most) && seen.Pods.Count(IsReady) == least
                && seen.Web.Number("status.observedGeneration") == 2,
            describe: seen => $"{seen.Pods.Count} pods, {seen.Pods.Count(IsReady)} ready");
    }

    [Fact]
    public async Task A_rollout_that_does_not_move_exceeds_its_deadline()
    {
        await AppliedAsync(Web(state: "NotReady", more: "progressDeadlineSeconds: 2"));
        var web = await Eventual(Apps("deployments/web"), d => Condition(d, "Progressing") == ("False", "ProgressDeadlineExceeded"));
        Assert.Equal(("False", "MinimumReplicasUnavailable"), Condition(web, "Available"));
        Assert.NotEqual(0, (await Kubectl.TryAsync(["rollout", "status", "deployment/web", "--timeout=5s"])).ExitCode);
        await AppliedAsync(Web(more: "progressDeadlineSeconds: 2"));
        await Eventual(Apps("deployments/web"), d => Condition(d, "Progressing") == ("True", "NewReplicaSetAvailable"));
    }

    [Fact]
    public async Task Scaling_up_and_down_reaches_the_number()
    {
        await AppliedAsync(Web());
        await RolledOutAsync();
        await Kubectl.RunAsync("scale deployment/web --replicas 4");
        await RolledOutAsync();
        Assert.Equal(4, (await ListAsync("pods")).Count);
        await Kubectl.RunAsync("scale deployment/web --replicas 0");
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 0);
        var web = await Eventual(Apps("deployments/web"), d => d.At("status.replicas") is null && d.Number("status.observedGeneration") == 3);
        Assert.Equal("1", Annotation(web, "deployment.kubernetes.io/revision"));
    }

    [Fact]
    public async Task Scaling_down_takes_pods_that_are_not_ready_first()
    {
        await AppliedAsync(Web(replicas: 3));
        await RolledOutAsync();
        var unready = (await ListAsync("pods"))[1].Text("metadata.name")!;
        await Node.SetStateAsync(Namespace, unready, new PodBehaviour.NotReady());
        await Eventual(Apps("deployments/web"), d => d.Number("status.readyReplicas") == 2);
        await Kubectl.RunAsync("scale deployment/web --replicas 2");
        var left = await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 2);
        Assert.DoesNotContain(unready, left.Select(p => p.Text("metadata.name")));
    }

    [Fact]
    public async Task Recreate_ends_the_old_pods_before_it_makes_new_ones()
    {
        await AppliedAsync(Web(replicas: 2, more: "strategy: { type: Recreate }"));
        await RolledOutAsync();
        await Eventual(Apps("deployments/web"), d => Condition(d, "Progressing") == ("True", "NewReplicaSetAvailable"));
        using var watch = await Wire.WatchAsync(Core($"pods?labelSelector=app%3Dweb&resourceVersion={(await Wire.GetAsync(Core("pods"))).Ok.Text("metadata.resourceVersion")}"));
        await AppliedAsync(Web(replicas: 2, image: "example/web:2", more: "strategy: { type: Recreate }"));
        List<string> story = [];
        while (story.Count(s => s == "ADDED") < 2)
        {
            var (type, _) = await watch.NextAsync();
            if (type is "ADDED" or "DELETED")
                story.Add(type);
        }

        Assert.Equal(["DELETED", "DELETED", "ADDED", "ADDED"], story);
        await RolledOutAsync();
    }

    [Fact]
    public async Task A_paused_Deployment_waits_and_goes_on()
    {
        await AppliedAsync(Web());
        await RolledOutAsync();
        await Kubectl.RunAsync("rollout pause deployment/web");
        await AppliedAsync(Web(image: "example/web:2", more: "paused: true"));
        await Eventual(Apps("deployments/web"), d => d.Number("status.observedGeneration") == d.Number("metadata.generation") && Condition(d, "Progressing") == ("Unknown", "DeploymentPaused"));
        Assert.Single(await ListAsync("replicasets"));
        await Kubectl.RunAsync("scale deployment/web --replicas 2");
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count(IsReady) == 2);
        await Kubectl.RunAsync("rollout resume deployment/web");
        await RolledOutAsync();
        Assert.Equal(2, (await ListAsync("replicasets")).Count);
    }

    [Fact]
    public async Task A_pod_counts_as_available_after_its_minimum_time_only()
    {
        await AppliedAsync(Web(more: "minReadySeconds: 3"));
        await Eventual(Apps("deployments/web"), d => d.Number("status.availableReplicas") == 1);
        // Both ends are read late at most: a look at the moment in between could miss it on a busy machine.
        var ready = (await ListAsync("pods")).Single().At("status.conditions")!.AsArray().Single(c => c.Text("type") == "Ready").Text("lastTransitionTime")!;
        Assert.True(DateTimeOffset.UtcNow - DateTimeOffset.Parse(ready, CultureInfo.InvariantCulture) >= TimeSpan.FromSeconds(3), ready);
    }

    [Fact]
    public async Task Old_sets_beyond_the_limit_go()
    {
        foreach (var image in (string[])["a:1", "a:2", "a:3", "a:4"])
        {
            await AppliedAsync(Web(image: image, more: "revisionHistoryLimit: 1"));
            await RolledOutAsync();
        }

        var sets = await Eventually.That(() => ListAsync("replicasets"), s => s.Count == 2);
        var revisions = sets.Select(s => Annotation(s, "deployment.kubernetes.io/revision")).Order(StringComparer.Ordinal);
        // Earlier servers go by the age of sets, which within a second is no order.
        if (Since(25))
            Assert.Equal(["3", "4"], revisions);
        else
            Assert.Contains("4", revisions);
    }

    [Fact]
    public async Task A_refused_pod_is_told_up_to_the_Deployment()
    {
        // A service account that is not there is what every server refuses a pod for, and no template.
        if (ControlPlane.IsEmbedded)
            return;
        await AppliedAsync(Web().Replace("containers:", "serviceAccountName: nobody, containers:", StringComparison.Ordinal));
        var set = await Eventually.That(async () => (await ListAsync("replicasets")).SingleOrDefault(), s => Condition(s, "ReplicaFailure") == ("True", "FailedCreate"));
        Assert.Contains("nobody", set!.At("status.conditions")!.ToJsonString(), StringComparison.Ordinal);
        await Eventual(Apps("deployments/web"), d => Condition(d, "ReplicaFailure") == ("True", "FailedCreate"));
        await Kubectl.RunAsync("create serviceaccount nobody");
        await Eventual(Apps("deployments/web"), d => d.Number("status.readyReplicas") == 1 && Condition(d, "ReplicaFailure") is null);
    }

    [Fact]
    public async Task A_deleted_pod_is_made_anew()
    {
        await AppliedAsync(Web());
        await RolledOutAsync();
        var first = Assert.Single(await ListAsync("pods")).Text("metadata.name");
        await Kubectl.RunAsync($"delete pod {first} --wait=false");
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 1 && pods[0].Text("metadata.name") != first && IsReady(pods[0]));
    }

    [Fact]
    public async Task A_ReplicaSet_takes_in_matching_orphans_and_lets_others_go()
    {
        (await Wire.PostAsync(Core("pods"), Pod("orphan", "{ app: lone }"))).Is(201);
        (await Wire.PostAsync(Apps("replicasets"), """
            apiVersion: apps/v1
            kind: ReplicaSet
            metadata: { name: lone }
            spec:
              replicas: 2
              selector: { matchLabels: { app: lone } }
              template: { metadata: { labels: { app: lone } }, spec: { containers: [{ name: web, image: 'example/web:1' }] } }
            """)).Is(201);
        var adopted = await Eventual(Core("pods/orphan"), p => p.At("metadata.ownerReferences") is not null);
        Assert.Equal("lone", adopted.Text("metadata.ownerReferences[0].name"));
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 2);
        await Kubectl.RunAsync("label pod orphan app=free --overwrite");
        await Eventual(Core("pods/orphan"), p => p.At("metadata.ownerReferences") is null or JsonArray { Count: 0 });
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 3);
    }

    [Fact]
    public async Task Events_tell_what_was_scaled_and_made()
    {
        await AppliedAsync(Web());
        await RolledOutAsync();
        var events = await Eventually.That(async () => (await Wire.GetAsync(Core("events"))).Ok["items"]!.AsArray(), list =>
            list.Any(e => e.Text("reason") == "ScalingReplicaSet" && e.Text("involvedObject.kind") == "Deployment")
            && list.Any(e => e.Text("reason") == "SuccessfulCreate" && e.Text("involvedObject.kind") == "ReplicaSet"));
        Assert.Matches("^Scaled up replica set web-[a-z0-9]+ (from 0 )?to 1$", events.First(e => e.Text("reason") == "ScalingReplicaSet").Text("message")!);
        Assert.Matches("^Created pod: web-", events.First(e => e.Text("reason") == "SuccessfulCreate").Text("message")!);
    }

    [Fact]
    public async Task Everything_goes_with_the_Deployment()
    {
        await AppliedAsync(Web(replicas: 2));
        await RolledOutAsync();
        await Kubectl.RunAsync("delete deployment/web --cascade=foreground");
        Assert.Empty(await ListAsync("replicasets"));
        await Eventually.That(() => ListAsync("pods"), pods => pods.Count == 0);
    }

    [Fact]
    public async Task A_Services_slices_and_endpoints_follow_its_pods()
    {
        (await Wire.PostAsync(Core("services"), """
            { apiVersion: v1, kind: Service, metadata: { name: web, labels: { x: z } }, spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: web }] } }
            """)).Is(201);
        await AppliedAsync(Web(replicas: 2));
        await RolledOutAsync();
        var endpoints = await Eventual(Core("endpoints/web"), e => e.At("subsets[0].addresses")?.AsArray().Count == 2);
        Assert.Equal((8080L, "http"), (endpoints.Number("subsets[0].ports[0].port"), endpoints.Text("subsets[0].ports[0].name")));
        Assert.Equal(("Pod", "stand-in"), (endpoints.Text("subsets[0].addresses[0].targetRef.kind"), endpoints.Text("subsets[0].addresses[0].nodeName")));
        Assert.Equal("z", endpoints.Text("metadata.labels.x"));
        if (!Since(21))
            return;
        var slice = await SliceAsync("web", s => s["endpoints"]!.AsArray().Count == 2 && s["endpoints"]!.AsArray().All(e => (bool?)e.At("conditions.ready") == true));
        Assert.Equal(("IPv4", "endpointslice-controller.k8s.io", "Service"), (slice.Text("addressType"), slice["metadata"]!["labels"]!["endpointslice.kubernetes.io/managed-by"]!.ToString(), slice.Text("metadata.ownerReferences[0].kind")));
        Assert.Equal((8080L, "http", "TCP"), (slice.Number("ports[0].port"), slice.Text("ports[0].name"), slice.Text("ports[0].protocol")));
        Assert.Equal(("stand-in", "Pod"), (slice.Text("endpoints[0].nodeName"), slice.Text("endpoints[0].targetRef.kind")));
        Assert.StartsWith("web-", slice.Text("metadata.name"), StringComparison.Ordinal);

        var pod = (await ListAsync("pods"))[0];
        await Node.SetStateAsync(Namespace, pod.Text("metadata.name")!, new PodBehaviour.NotReady());
        var changed = await SliceAsync("web", s => s["endpoints"]!.AsArray().Any(e => (bool?)e.At("conditions.ready") == false));
        var unready = changed["endpoints"]!.AsArray().Single(e => (bool?)e.At("conditions.ready") == false);
        Assert.Equal(pod.Text("status.podIP"), unready.Text("addresses[0]"));
        await Eventual(Core("endpoints/web"), e => e.At("subsets[0].notReadyAddresses")?.AsArray().Count == 1 && e.At("subsets[0].addresses")?.AsArray().Count == 1);

        await Kubectl.RunAsync("delete service/web");
        await Gone(Core("endpoints/web"));
        await Eventually.That(async () => (await Wire.GetAsync(In("discovery.k8s.io/v1", "endpointslices"))).Ok["items"]!.AsArray().Count, count => count == 0);
    }

    [Fact]
    public async Task A_Service_may_want_pods_that_are_not_ready()
    {
        (await Wire.PostAsync(Core("services"), """
            { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { clusterIP: None, publishNotReadyAddresses: true, selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] } }
            """)).Is(201);
        await AppliedAsync(Web(state: "NotReady"));
        var endpoints = await Eventual(Core("endpoints/web"), e => e.At("subsets[0].addresses")?.AsArray().Count == 1);
        Assert.Equal("", endpoints["metadata"]!["labels"]!["service.kubernetes.io/headless"]!.ToString());
        if (Since(21))
            Assert.True((bool)(await SliceAsync("web", s => s["endpoints"]!.AsArray().Count == 1)).At("endpoints[0].conditions.ready")!);
    }

    [Fact]
    public async Task A_Service_without_a_selector_is_left_alone()
    {
        (await Wire.PostAsync(Core("services"), "{ apiVersion: v1, kind: Service, metadata: { name: outside }, spec: { ports: [{ port: 80 }] } }")).Is(201);
        (await Wire.PostAsync(Core("services"), "{ apiVersion: v1, kind: Service, metadata: { name: later }, spec: { selector: { app: none }, ports: [{ port: 80 }] } }")).Is(201);
        await Eventual(Core("endpoints/later"), e => e.At("subsets") is null);
        (await Wire.GetAsync(Core("endpoints/outside"))).Refuses(404, "NotFound");
    }

    [Fact]
    public async Task An_autoscaler_keeps_its_target_within_its_bounds()
    {
        if (!Since(23))
            return;
        await AppliedAsync(Web());
        await RolledOutAsync();
        (await Wire.PostAsync(In("autoscaling/v2", "horizontalpodautoscalers"), """
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: { name: web }
            spec:
              minReplicas: 2
              maxReplicas: 3
              scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
              metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } } }]
            """)).Is(201);
        await Eventual(Apps("deployments/web"), d => d.Number("spec.replicas") == 2);
        // The real one looks every 15 s.
        await Eventually.That(async () => (await Wire.GetAsync(In("autoscaling/v2", "horizontalpodautoscalers/web"))).Ok, h => Condition(h, "ScalingActive")?.Status == "False");
        Assert.Contains("web", await Kubectl.RunAsync("get hpa"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disruption_budget_counts_its_pods()
    {
        if (!Since(21))
            return;
        (await Wire.PostAsync(In("policy/v1", "poddisruptionbudgets"), "{ apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: { name: web }, spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } } }")).Is(201);
        await AppliedAsync(Web(replicas: 3));
        await RolledOutAsync();
        var budget = await Eventual(In("policy/v1", "poddisruptionbudgets/web"), b => b.Number("status.currentHealthy") == 3);
        Assert.Equal((2L, 3L, 1L), (budget.Number("status.desiredHealthy"), budget.Number("status.expectedPods"), budget.Number("status.disruptionsAllowed")));
        Assert.Equal(("True", "SufficientPods"), Condition(budget, "DisruptionAllowed"));
    }

    private static string Web(int replicas = 1, string image = "example/web:1", string? state = null, string more = "") => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web }
        spec:
          replicas: {{replicas}}
          selector: { matchLabels: { app: web } }
          {{more}}
          template:
            metadata: { labels: { app: web }{{(state is null ? "" : $", annotations: {{ {PodBehaviour.Annotation}: {state} }}")}} }
            spec: { nodeSelector: { kubernetes.io/hostname: stand-in }, containers: [{ name: web, image: '{{image}}', ports: [{ name: web, containerPort: 8080 }] }] }
        """;

    private async Task<JsonNode> AppliedAsync(string manifest) => (await Wire.ApplyAsync(Apps("deployments/web"), "test", manifest, force: true)).Ok;

    private Task<JsonNode> RolledOutAsync() => Eventual(Apps("deployments/web"), d =>
        d.Number("status.observedGeneration") == d.Number("metadata.generation") && d.Number("status.updatedReplicas") == d.Number("spec.replicas")
        && d.Number("status.replicas") == d.Number("spec.replicas") && d.Number("status.availableReplicas") == d.Number("spec.replicas"));

    private async Task<IReadOnlyList<JsonNode>> ListAsync(string plural) =>
        [.. (await Wire.GetAsync(plural == "pods" ? Core(plural) : Apps(plural))).Ok["items"]!.AsArray().Select(i => i!)];

    private Task<JsonNode> SliceAsync(string service, Func<JsonNode, bool> wanted) => Eventually.That(
        async () => (await Wire.GetAsync(In("discovery.k8s.io/v1", $"endpointslices?labelSelector=kubernetes.io/service-name%3D{service}"))).Ok["items"]!.AsArray().Single()!,
        wanted, describe: s => s.ToJsonString());

    private static (string? Kind, string? Name, string? Uid, bool Controller) Controller(JsonNode obj) =>
        (obj.Text("metadata.ownerReferences[0].kind"), obj.Text("metadata.ownerReferences[0].name"), obj.Text("metadata.ownerReferences[0].uid"), (bool)obj.At("metadata.ownerReferences[0].controller")!);

    private static string? Annotation(JsonNode obj, string key) => (string?)obj.At("metadata.annotations")?[key];

    private static (string? Status, string? Reason)? Condition(JsonNode? obj, string type) =>
        obj.At("status.conditions")?.AsArray().FirstOrDefault(c => c.Text("type") == type) is { } found ? (found.Text("status"), found.Text("reason")) : null;

    private static bool IsReady(JsonNode pod) => Condition(pod, "Ready")?.Status == "True";
}
