using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>That the ground which the other system tests stand on is what they take it for.</summary>
public class ControlPlaneTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public async Task Kubectl_and_the_client_agree_on_the_version()
    {
        var version = (await Kubectl.RunAsync("version --output json")).Trim();
        var server = (string)JsonNode.Parse(version)!["serverVersion"]!["gitVersion"]!;
        Output.WriteLine(version);
        Assert.Equal(server, (await Api.GetVersionAsync(CancellationToken.None)).GitVersion);
    }

    [Fact]
    public async Task A_deployment_becomes_available_on_the_stand_in_node()
    {
        await Kubectl.ApplyAsync(Manifests.Deployment("web", replicas: 3));
        await Kubectl.RunAsync("rollout status deployment/web --timeout 60s");
        var deployment = await Kubectl.GetJsonAsync("deployment/web");
        Assert.Equal(3, (int)deployment["status"]!["readyReplicas"]!);

        var pod = (await Kubectl.GetJsonAsync("pods"))["items"]![0]!;
        Assert.Equal("Running", (string)pod["status"]!["phase"]!);
        Assert.True((bool)pod["status"]!["containerStatuses"]![0]!["started"]!);
        Assert.NotNull(pod["status"]!["containerStatuses"]![0]!["state"]!["running"]!["startedAt"]);

        await Kubectl.RunAsync("delete deployment/web --wait=true");
        await Eventually.That(() => Kubectl.GetJsonAsync("pods"), pods => pods["items"]!.AsArray().Count == 0);
    }

    [Theory]
    [InlineData("ImagePullBackOff", "Pending", "ImagePullBackOff")]
    [InlineData("CrashLoopBackOff:137", "Running", "CrashLoopBackOff")]
    [InlineData("CreateContainerConfigError:secret \"db\" not found", "Pending", "CreateContainerConfigError")]
    [InlineData("RunsAsRoot", "Pending", "CreateContainerConfigError")]
    [InlineData("Creating", "Pending", "ContainerCreating")]
    public async Task A_pod_fares_as_its_annotation_says(string state, string phase, string reason)
    {
        await Kubectl.ApplyAsync(Manifests.Deployment("web", state: state));
        var pod = await PodWhere(p => (string?)p["status"]!["phase"] == phase && WaitingReason(p) == reason);
        Assert.Equal("False", Ready(pod));
    }

    [Fact]
    public async Task A_pod_that_is_not_ready_runs_and_is_ready_when_a_test_says_so()
    {
        await Kubectl.ApplyAsync(Manifests.Deployment("web", state: "NotReady"));
        var pod = await PodWhere(p => (string?)p["status"]!["phase"] == "Running");
        Assert.Equal("False", Ready(pod));

        await Node.SetStateAsync(Namespace, (string)pod["metadata"]!["name"]!, new PodBehaviour.Running());
        await PodWhere(p => Ready(p) == "True");
    }

    [Fact]
    public async Task A_rule_decides_how_pods_fare_as_long_as_it_stands()
    {
        using (Node.Behave(pod => pod.Namespace == Namespace && pod.HasImage(i => i.StartsWith("missing/", StringComparison.Ordinal)) ? new PodBehaviour.ImagePullBackOff() : null))
        {
            await Kubectl.ApplyAsync(Manifests.Deployment("web", image: "missing/web:1"));
            await PodWhere(p => WaitingReason(p) == "ImagePullBackOff");
        }

        await PodWhere(p => Ready(p) == "True");
    }

    [Fact]
    public async Task A_slow_pod_is_created_first_and_ready_later()
    {
        // Told by a watch, which leaves out nothing: who looks now and then may find the pod ready at the first look.
        using var limit = new CancellationTokenSource(Eventually.Patience);
        var (before, seen) = ("", new List<string>());
        await foreach (var page in Api.ListAsync(Kinds.Raw(Resources.Pods), new ListScope(Namespace), limit.Token))
            before = page.ResourceVersion;
        await Kubectl.ApplyAsync(Manifests.Deployment("web", state: "Slow:700"));
        await foreach (var change in Api.WatchAsync(Kinds.Raw(Resources.Pods), new ListScope(Namespace), before, limit.Token))
        {
            if (change.Object?.ToJsonObject() is not { } pod)
                continue;
            seen.Add(WaitingReason(pod) ?? $"Ready {Ready(pod)}");
            if (Ready(pod) == "True")
                break;
        }

        Assert.Contains("ContainerCreating", seen);
    }

    [Fact]
    public async Task A_pod_that_no_node_suits_is_unschedulable()
    {
        await Kubectl.ApplyAsync(Manifests.Deployment("web", nodeSelector: "nowhere"));
        var pod = await PodWhere(p => Condition(p, "PodScheduled") is not null);
        Assert.Equal("Unschedulable", (string)Condition(pod, "PodScheduled")!["reason"]!);
    }

    [Fact]
    public async Task The_audit_log_tells_who_wrote_what()
    {
        var start = await Cluster.AuditLog.NowAsync();
        await Kubectl.RunAsync("create configmap written --from-literal a=b");
        await Kubectl.RunAsync("get configmaps");

        var entries = (await Cluster.AuditLog.SinceAsync(start)).Where(e => e.ObjectRef?.Namespace == Namespace && e.UserAgent.Contains("kubectl", StringComparison.Ordinal)).ToList();
        var write = Assert.Single(entries, e => e.IsRealWrite);
        Assert.Equal(("create", "configmaps", "admin", 201), (write.Verb, write.ObjectRef!.Resource, write.User.Username, write.Code));
        Assert.Single(entries, e => e.Verb == "list");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_new_user_may_do_nothing_until_a_binding_says_otherwise()
    {
        var alice = Cluster.KubectlAs(await Cluster.CreateUserAsync($"alice-{Namespace}", "devs"), Namespace);
        Assert.Contains("orbidden", (await alice.TryAsync(["get", "pods"])).Error, StringComparison.Ordinal);
        await Kubectl.RunAsync("create rolebinding devs --clusterrole view --group devs");
        await Eventually.True(async () => (await alice.TryAsync(["get", "pods"])).ExitCode == 0);
    }

    private static string? WaitingReason(JsonNode pod) => (string?)pod["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"];

    private static string? Ready(JsonNode pod) => (string?)Condition(pod, "Ready")?["status"];

    private static JsonNode? Condition(JsonNode pod, string type) =>
        pod["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c!["type"] == type);

    private async Task<JsonNode> PodWhere(Func<JsonNode, bool> wanted)
    {
        var pods = await Eventually.That(
            async () => (await Kubectl.GetJsonAsync("pods"))["items"]!.AsArray(),
            items => items.Any(p => wanted(p!)),
            describe: items => items.ToJsonString());
        return pods.First(p => wanted(p!))!;
    }
}

/// <summary>What happens when parts of the control plane go away.</summary>
[Collection(Disturbing.Name)]
public class ControlPlaneFaultTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_killed_API_server_comes_back_with_everything_and_the_node_finds_it_again()
    {
        await Kubectl.ApplyAsync(Manifests.Deployment("before"));
        await Kubectl.RunAsync("rollout status deployment/before --timeout 60s");

        await Cluster.KillAsync(ControlPlanePart.ApiServer);
        Assert.NotEqual(0, (await Kubectl.TryAsync(["get", "pods"])).ExitCode);
        await Cluster.StartAsync(ControlPlanePart.ApiServer);

        await Kubectl.ApplyAsync(Manifests.Deployment("after"));
        await Kubectl.RunAsync("rollout status deployment/after --timeout 60s");
        Assert.Equal(2, (await Kubectl.GetJsonAsync("deployments"))["items"]!.AsArray().Count);
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task Etcd_may_be_restarted()
    {
        await Cluster.StopAsync(ControlPlanePart.Etcd);
        await Cluster.StartAsync(ControlPlanePart.Etcd);
        // By another name each time: the server may have made one though it could not say so.
        var tries = 0;
        await Eventually.True(async () => (await Kubectl.TryAsync(["create", "configmap", $"after-{++tries}"])).ExitCode == 0);
    }

    [Fact]
    public async Task A_cut_connection_is_noticed_by_the_client()
    {
        var (proxy, kubeconfig) = FaultProxy.InFrontOf(Cluster.AdminKubeconfig);
        await using (proxy)
        {
            using var api = new ApiClient(ClusterConfig.Load(kubeconfig), new ApiClientOptions { UserAgent = "fleet-test-cut" });
            var events = api.WatchAsync(Kinds.Raw(Resources.ConfigMaps), new ListScope(Namespace), "0", CancellationToken.None).GetAsyncEnumerator();
            await using (events)
            {
                await Kubectl.RunAsync("create configmap first");
                Assert.True(await events.MoveNextAsync());

                proxy.CutAfter(300);
                await Kubectl.RunAsync(["create", "configmap", "second", $"--from-literal=long={new string('x', 4000)}"]);
                await Assert.ThrowsAnyAsync<IOException>(async () =>
                {
                    while (await events.MoveNextAsync())
                        Assert.NotEqual("second", events.Current.Object?.Metadata.Name);
                });
            }
        }
    }
}

/// <summary>Admission webhooks on the real API server.</summary>
[Trait("Needs", "RealControlPlane")]
public class AdmissionWebhookTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public async Task A_mutating_webhook_changes_what_is_stored()
    {
        static AdmissionAnswer Rewrite(AdmissionQuestion question) => AdmissionAnswer.Change(new JsonArray(
            new JsonObject { ["op"] = "replace", ["path"] = "/spec/template/spec/containers/0/image", ["value"] = "mirror/web:1" }));
        await using var webhook = await AdmissionWebhook.StartAsync(Cluster, Namespace, mutating: true, ["apps/deployments"], Rewrite);
        await Kubectl.ApplyAsync(Manifests.Deployment("web"));
        var deployment = await Kubectl.GetJsonAsync("deployment/web");
        Assert.Equal("mirror/web:1", (string)deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!);
        Assert.True(webhook.Asked >= 1);
    }

    [Fact]
    public async Task A_validating_webhook_refuses_with_its_words()
    {
        await using var webhook = await AdmissionWebhook.StartAsync(
            Cluster, Namespace, mutating: false, ["/pods"], question => AdmissionAnswer.Deny($"no {question.Kind} on Fridays"));
        await Kubectl.ApplyAsync(Manifests.Deployment("web"));
        await Eventually.That(
            async () => (await Kubectl.GetJsonAsync("replicasets")).ToJsonString(), sets => sets.Contains("no Pod on Fridays", StringComparison.Ordinal));
    }
}
