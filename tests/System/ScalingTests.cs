using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Autoscaling, budgets and policies on a server: no pod ends when the number of pods changes hands, and what a server does not serve is told.</summary>
public class ScalingTests(ITestOutputHelper output) : AppTest(output)
{
    private const string Fixed = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: shop }
        spec:
          services:
          - { name: web, port: 80, protocol: HTTP, image: "example/web:1", replicas: 4, resources: { requests: { cpu: 10m } } }
        """;

    private const string Autoscaling = "autoscaling: { minReplicas: 2, maxReplicas: 9, cpuUtilization: 70 }";

    private static readonly string Scaled = Fixed.Replace("replicas: 4", Autoscaling, StringComparison.Ordinal);

    [Fact]
    public async Task Four_pods_and_then_autoscaling_ends_none_and_the_operator_leaves_the_number_alone()
    {
        var served = (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 23);
        await StartOperatorAsync();
        await ReadyShopAsync(Fixed);
        var before = await PodsAsync();
        Assert.Equal(4, before.Count);

        // :: Switched on.
        await Kubectl.ApplyAsync(Scaled);
        var app = served ? await ReadyAsync() : await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.ApplyFailed);
        Assert.Equal(4, Row(app, "web").Replicas.Desired);
        Assert.Equal(served, await AutoscalerAsync() is not null);
        if (!served)
            Assert.Equal("web: the cluster does not serve HorizontalPodAutoscaler (autoscaling/v2): it takes Kubernetes 1.23, or take it out of the spec", Of(app.Status!, Conditions.ResourcesApplied)!.Message);
        Assert.Equal(before, await PodsAsync());

        // :: Somebody sets the number as an autoscaler does: the operator writes nothing but what it sees.
        var start = await Cluster.AuditLog.NowAsync();
        await ScaleAsync(6);
        app = await AppWhere(s => s.Services[0] is { State: ServicePhase.Active, Replicas: { Desired: 6, Ready: 6 } });
        Assert.All(await WritesSinceAsync(start), w => Assert.Equal("status", w.ObjectRef!.Subresource));
        Assert.Null(app.Status!.Drift);
        var grown = await PodsAsync();
        Assert.Superset(before, grown);

        // :: A change of everything else keeps the number.
        await Kubectl.ApplyAsync(Scaled.Replace("services:", "commonLabels: { team: a }\n  services:", StringComparison.Ordinal));
        await Eventually.True(async () => (await ChildAsync(Resources.Deployments, "shop-web"))!.Metadata.Label("team") == "a");
        await AppWhere(s => s.Services[0] is { State: ServicePhase.Active, Replicas: { Desired: 6, Ready: 6 } });

        // :: Switched off, without a number: as many as there were. With one: that many.
        await Kubectl.ApplyAsync(Fixed.Replace("replicas: 4, ", "", StringComparison.Ordinal).Replace("services:", "commonLabels: { team: a }\n  services:", StringComparison.Ordinal));
        app = await ReadyAsync();
        Assert.Equal(6, Row(app, "web").Replicas.Desired);
        await Eventually.True(async () => await AutoscalerAsync() is null);
        await Kubectl.ApplyAsync(Fixed.Replace("services:", "commonLabels: { team: a }\n  services:", StringComparison.Ordinal));
        await AppWhere(s => s.Services[0] is { State: ServicePhase.Active, Replicas: { Desired: 4, Ready: 4 } });
    }

    [Fact]
    public async Task Nothing_is_written_when_nothing_changes_not_even_after_a_restart()
    {
        var served = (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 23);
        var first = await StartOperatorAsync();
        await Kubectl.ApplyAsync(All);
        await (served ? ReadyAsync() : ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.ApplyFailed));
        foreach (var name in (string[])["shop", "plain"])
            await AppWhere(s => s.Services.All(r => r.State == ServicePhase.Active), name);
        var start = await Cluster.AuditLog.NowAsync();
        await first.TerminateAsync();
        await StartOperatorAsync();
        await Kubectl.RunAsync("annotate msa/shop looked=again");
        await Kubectl.ApplyAsync(All.Replace("maxReplicas: 9", "maxReplicas: 8", StringComparison.Ordinal));
        await AppWhere(s => s.Services.All(r => r.State == ServicePhase.Active));
        await Eventually.True(async () => !served || (await AutoscalerAsync())!.Part("spec").GetProperty("maxReplicas").GetInt32() == 8);
        var written = (await WritesSinceAsync(start)).Where(w => w.ObjectRef!.Subresource is null).Select(w => w.ObjectRef!.Resource).Distinct();
        Assert.Equal(served ? ["horizontalpodautoscalers"] : Array.Empty<string>(), written);
    }

    [Fact]
    public async Task Who_may_reach_a_pod_is_who_depends_on_it()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(All);
        // They are made side by side.
        foreach (var name in (string[])["shop-gateway", "shop-web"])
            await Eventually.True(async () => await ChildAsync(Resources.NetworkPolicies, name) is not null);
        var ports = (await ChildAsync(Resources.NetworkPolicies, "shop-web"))!.Part("spec").GetProperty("ingress").EnumerateArray().SelectMany(r => r.GetProperty("ports").EnumerateArray()).Select(p => p.GetProperty("port").GetString());
        Assert.Equal(["main", "metrics"], ports);

        // What somebody opens is closed again, however it was done.
        var closed = await PolicyAsync();
        var count = 0L;
        await OpenedAsync("""[{"op":"add","path":"/spec/ingress/-","value":{}}]""", ".spec.ingress");
        await OpenedAsync("""[{"op":"add","path":"/spec/ingress/0/from/0/namespaceSelector","value":{}}]""", ".spec.ingress[0].from[0].namespaceSelector");
        await OpenedAsync("""[{"op":"remove","path":"/spec/ingress/0/ports"}]""", ".spec.ingress[0].ports");
        await OpenedAsync("""[{"op":"add","path":"/spec/podSelector/matchLabels/none","value":"matches"}]""", ".spec.podSelector.matchLabels.none");

        if ((await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 21))
            Assert.Equal(1, (await ChildAsync(Resources.PodDisruptionBudgets, "shop-web"))!.Part("spec").GetProperty("maxUnavailable").GetInt32());
        else
            await AppWhere(s => Of(s, Conditions.ResourcesApplied)?.Message.Contains("the cluster does not serve PodDisruptionBudget (policy/v1)", StringComparison.Ordinal) == true, "plain");

        async Task OpenedAsync(string patch, string field)
        {
            await Kubectl.RunAsync(["patch", "networkpolicy/shop-web", "--type=json", "--patch", patch]);
            var drift = (await AppWhere(s => s.Drift?.Count > count)).Status!.Drift!;
            count = drift.Count;
            Assert.Equal(("NetworkPolicy/shop-web", field), (drift.Last!.Object, drift.Last.Field));
            await Eventually.True(async () => await PolicyAsync() == closed);
        }

        async Task<string> PolicyAsync() => (await ChildAsync(Resources.NetworkPolicies, "shop-web"))!.Part("spec").GetRawText();
    }

    [Fact]
    public async Task A_pod_that_nobody_may_reach_is_closed_again_when_somebody_opens_it()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync("""
            apiVersion: fleet.microservices.dev/v1
            kind: MicroserviceApp
            metadata: { name: shop }
            spec:
              services: [{ name: web, port: 80, protocol: HTTP, image: "example/web:1" }]
              networkPolicy: { mode: FromGraph }
            """);
        await Eventually.True(async () => await ChildAsync(Resources.NetworkPolicies, "shop-web") is not null);
        await Kubectl.RunAsync(["patch", "networkpolicy/shop-web", "--type=merge", "--patch", """{"spec":{"ingress":[{}]}}"""]);
        await AppWhere(s => s.Drift is { Count: 1, Last: { Object: "NetworkPolicy/shop-web", Field: ".spec.ingress" } });
        await Eventually.True(async () => !(await ChildAsync(Resources.NetworkPolicies, "shop-web"))!.Part("spec").TryGetProperty("ingress", out var rules) || rules.GetArrayLength() == 0);
    }

    // Of every kind one, and a second app without an autoscaler.
    private static readonly string All = $$"""
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: shop }
        spec:
          services:
          - { name: web, port: 80, targetPort: 8080, protocol: HTTP, image: "example/web:1", resources: { requests: { cpu: 10m } }, {{Autoscaling}}, disruption: {}, extraPorts: [{ name: metrics, port: 9090 }] }
          gateway: { replicas: 2 }
          networkPolicy: { mode: FromGraph, allowFrom: [{ namespaceSelector: {} }] }
        ---
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: plain }
        spec:
          services: [{ name: web, port: 80, protocol: HTTP, image: "example/web:1", replicas: 2, disruption: {} }]
        """;

    private Task<KubeObject?> AutoscalerAsync() => FindAsync(Resources.HorizontalPodAutoscalers, "shop-web");

    // A kind that is not served has no objects.
    private async Task<KubeObject?> FindAsync(Resource kind, string name) => await Api.FindAsync(Kinds.Raw(kind), Namespace, name, CancellationToken.None);

    private Task ScaleAsync(int replicas) => Api.JsonPatchAsync(
        Resources.Deployments, Namespace, "shop-web", [new JsonObject { ["op"] = "replace", ["path"] = "/spec/replicas", ["value"] = replicas }], CancellationToken.None, subresource: "scale");

    private async Task<SortedSet<string>> PodsAsync()
    {
        var pods = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var page in Api.ListAsync(Kinds.Pods, new(Namespace, $"{Keys.App}=shop"), CancellationToken.None))
            pods.UnionWith(page.Items.Where(p => p.Metadata.DeletionTimestamp is null).Select(p => p.Metadata.Uid!));
        return pods;
    }
}
