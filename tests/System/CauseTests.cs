using System.Diagnostics;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Whatever goes wrong ends in the contract's condition and reason, with a message that says what to do; the other services run on.</summary>
public class CauseTests(ITestOutputHelper output) : AppTest(output)
{
    private const string Users = "  - { name: users,  port: 8002, protocol: HTTP/REST }\n";

    [Theory]
    [InlineData("ImagePullBackOff", Reasons.ImagePullFailed, "imagePullSecrets")]
    [InlineData("CrashLoopBackOff:3", Reasons.CrashLooping, "exit code 3")]
    [InlineData("CrashLoopBackOff:137", Reasons.CrashLooping, "resources.limits.memory")]
    [InlineData("NotReady", Reasons.ProbeFailing, "readiness probe")]
    [InlineData("RunsAsRoot", Reasons.RunsAsRoot, "runAsNonRoot: false")]
    [InlineData("CreateContainerConfigError:secret \"gone\" not found", Reasons.ConfigMissing, "secret \"gone\" not found")]
    public async Task What_a_pod_suffers_from_is_told(string state, string reason, string message)
    {
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "auth" ? PodBehaviour.TryParse(state) : null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        var app = await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, reason);
        Assert.Equal(ServicePhase.Degraded, Row(app, "auth").State);
        Assert.Contains(message, Row(app, "auth").Message, StringComparison.Ordinal);
        app = await AppWhere(s => s.Ready == "3/4");
        var ready = Of(app.Status!, Conditions.Ready)!;
        Assert.Equal((ConditionStatus.False, reason), (ready.Status, ready.Reason));
        Assert.StartsWith("auth: ", ready.Message, StringComparison.Ordinal);
        Assert.Contains(app.Status!.Conditions, c => c is { Type: Conditions.Stalled, Status: ConditionStatus.True });
    }

    [Fact]
    public async Task A_pod_that_fails_later_is_told_within_a_second_and_heals()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var pod = Node.Pods.First(p => p.Namespace == Namespace && p.Label(Keys.Service) == "users");
        await Pace.WithinAsync(
            TimeSpan.FromSeconds(3),
            async _ =>
            {
                await Node.SetStateAsync(Namespace, pod.Name, new PodBehaviour.CrashLoopBackOff(2));
                var failed = Stopwatch.GetTimestamp();
                var app = await ConditionAsync(Conditions.Ready, ConditionStatus.False, Reasons.CrashLooping);
                var took = Stopwatch.GetElapsedTime(failed);
                Assert.Equal("3/4", app.Status!.Ready);
                await Node.SetStateAsync(Namespace, pod.Name, new PodBehaviour.Running());
                await ReadyAsync();
                return took;
            },
            "from a pod's failure to the app's status");
    }

    [Fact]
    public async Task A_pod_that_no_node_takes()
    {
        await StartOperatorAsync();
        await ApplyWithUsersAsync("podTemplate: { spec: { nodeSelector: { kubernetes.io/hostname: nowhere } } }");
        var app = await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.Unschedulable);
        Assert.Contains("add nodes", Row(app, "users").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_Secret_is_told_and_its_arrival_noticed()
    {
        // As a kubelet does with such a pod, and from the beginning: one that had run is another story.
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "users" ? new PodBehaviour.Creating() : null);
        await StartOperatorAsync();
        await ApplyWithUsersAsync("env: [{ name: DB, valueFrom: { secretKeyRef: { name: db, key: url } } }]");
        var app = await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.ConfigMissing);
        Assert.StartsWith("Secret/db does not exist", Row(app, "users").Message, StringComparison.Ordinal);
        Assert.NotNull(await ChildAsync(Resources.Deployments, "shop-users"));
        rule.Dispose();
        await Kubectl.RunAsync("create secret generic db --from-literal=url=x");
        await ReadyAsync();
    }

    [Fact]
    public async Task A_missing_pull_secret_holds_back_the_Deployments_only()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop.Replace("spec:\n", "spec:\n  defaults: { imagePullSecrets: [{ name: registry }] }\n", StringComparison.Ordinal));
        var app = await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.SecretNotFound);
        Assert.Contains("Secret/registry", Of(app.Status!, Conditions.ResourcesApplied)!.Message, StringComparison.Ordinal);
        Assert.NotNull(await ChildAsync(Resources.Services, "shop-users"));
        Assert.Null(await ChildAsync(Resources.Deployments, "shop-users"));
        await Kubectl.RunAsync("create secret generic registry");
        await ReadyAsync();
    }

    [Fact]
    public async Task A_name_in_the_way_is_never_overwritten_and_adopted_only_on_request()
    {
        await Kubectl.RunAsync("create service clusterip shop-users --tcp=1:1");
        var foreign = (await ChildAsync(Resources.Services, "shop-users"))!;
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        var app = await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.NameConflict);
        Assert.Contains("Service/shop-users is in the way", Of(app.Status!, Conditions.Ready)!.Message, StringComparison.Ordinal);
        Assert.StartsWith("users: ", Of(app.Status!, Conditions.Ready)!.Message, StringComparison.Ordinal);
        await AppWhere(s => s.Services.First(r => r.Name == "auth").State == ServicePhase.Active);
        Assert.Equal(foreign.Metadata.ResourceVersion, (await ChildAsync(Resources.Services, "shop-users"))!.Metadata.ResourceVersion);

        await Kubectl.RunAsync($"label service/shop-users {Keys.App}=shop {Keys.Service}=users");
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"adoption":"IfLabelled"}}"""]);
        await ReadyAsync();
        var adopted = (await ChildAsync(Resources.Services, "shop-users"))!;
        Assert.Equal(foreign.Metadata.Uid, adopted.Metadata.Uid);
        Assert.True(adopted.Metadata.IsOwnedBy(app.Metadata.Uid!));
    }

    [Fact]
    public async Task A_refused_object_is_not_asked_for_hotly()
    {
        await Kubectl.RunAsync("create service clusterip shop-users --tcp=1:1");
        await StartOperatorAsync();
        var start = await Cluster.AuditLog.NowAsync();
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.NameConflict);
        await AppWhere(s => s.Services.First(r => r.Name == "auth").State == ServicePhase.Active);
        for (var i = 0; i < 10; i++)
            await Kubectl.RunAsync($"annotate deployment/shop-auth touched={i} --overwrite");
        var tries = (await Cluster.AuditLog.SinceAsync(start)).Where(e => IsOurs(e) && e is { Verb: "create", Code: 409 }).ToList();
        // After 2 s, 4 s, 8 s...: the passes that every touch starts do not ask again.
        var elapsed = (tries[^1].Received - tries[0].Received).TotalSeconds;
        Assert.InRange(tries.Count, 1, 2 + (int)Math.Log2(elapsed + 2));
    }

    [Theory]
    [InlineData("dependsOn: [billing]", Reasons.InvalidSpec, "dependsOn must name")]
    [InlineData("dependsOn: [orders]", Reasons.DependencyCycle, "->")]
    [InlineData("replicas: 2", Reasons.InvalidSpec, "ConnectionStrings__Default")]
    public async Task A_spec_that_breaks_a_rule_is_refused_and_leaves_what_runs_untouched(string addition, string reason, string message)
    {
        await StartOperatorAsync();
        var before = await ReadyShopAsync();
        var start = await Cluster.AuditLog.NowAsync();
        var applied = await Kubectl.TryAsync(["apply", "--filename", "-"], WithUsers(addition));
        if (applied.ExitCode != 0)
        {
            Assert.Contains(message, applied.Error, StringComparison.Ordinal); // the CRD's own rules, where the server knows them
            return;
        }

        var app = await ConditionAsync(Conditions.Accepted, ConditionStatus.False, reason);
        Assert.Equal(before.Metadata.Generation + 1, app.Status!.ObservedGeneration);
        Assert.Contains(message, Of(app.Status, Conditions.Ready)!.Message, StringComparison.Ordinal);
        Assert.Equal("4/4", app.Status.Ready);
        Assert.DoesNotContain(await WritesSinceAsync(start), w => w.ObjectRef is not { Subresource: "status" });
        await ReadyShopAsync();
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_quota_refuses_one_object_and_the_others_are_there()
    {
        await Kubectl.RunAsync("create quota few --hard=count/services=2");
        await Eventually.True(async () => (await Kubectl.GetJsonAsync("quota/few"))["status"]?["hard"] is not null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        var app = await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.QuotaExceeded);
        Assert.Contains("raise the ResourceQuota", Of(app.Status!, Conditions.ResourcesApplied)!.Message, StringComparison.Ordinal);
        await AppWhere(s => s.Services.Count(r => r.State == ServicePhase.Active) >= 2);
        await Kubectl.RunAsync("delete quota/few");
        // No watch shows it: what was refused is tried again with a back-off of a minute at most, and of that long where the way here took as long.
        await ReadyAsync(timeout: TimeSpan.FromMinutes(1) + Eventually.Patience);
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task Pods_that_admission_refuses()
    {
        await using var webhook = await AdmissionWebhook.StartAsync(Cluster, Namespace, mutating: false, ["/pods"], question =>
            (string?)question.Object?["metadata"]?["labels"]?[Keys.Service] == "auth" ? AdmissionAnswer.Deny("pods of auth are not welcome here") : AdmissionAnswer.Allow);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        var app = await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.PodRefused);
        Assert.Contains("pods of auth are not welcome here", Row(app, "auth").Message, StringComparison.Ordinal);
        await AppWhere(s => s.Ready == "3/4");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_webhook_that_rewrites_every_image_is_applied_once_and_is_no_drift()
    {
        await using var webhook = await AdmissionWebhook.StartAsync(Cluster, Namespace, mutating: true, ["apps/deployments"], question =>
        {
            var image = (string)question.Object!["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!;
            return image.StartsWith("mirror/", StringComparison.Ordinal) ? AdmissionAnswer.Allow : AdmissionAnswer.Change(new JsonArray(new JsonObject
            {
                ["op"] = "replace", ["path"] = "/spec/template/spec/containers/0/image", ["value"] = $"mirror/{image}",
            }));
        });
        var first = await StartOperatorAsync();
        var start = await Cluster.AuditLog.NowAsync();
        var app = await ReadyShopAsync();
        Assert.Null(app.Status!.Drift);
        Assert.StartsWith("mirror/", Image((await ChildAsync(Resources.Deployments, "shop-auth"))!), StringComparison.Ordinal);
        Assert.Single(await WritesSinceAsync(start), w => w.ObjectRef is { Resource: "deployments", Name: "shop-auth" } || (w is { Verb: "create", ObjectRef.Resource: "deployments" } && w.RequestUri.Contains("shop-auth", StringComparison.Ordinal)));

        // Neither a restart nor a change of something else makes it drift; somebody else's image does.
        await first.TerminateAsync();
        var restart = await Cluster.AuditLog.NowAsync();
        var second = await StartOperatorAsync();
        await Eventually.True(async () => (await second.MetricsAsync()).Any(m => m.Key.StartsWith("fleet_reconcile_total", StringComparison.Ordinal) && m.Value > 0));
        Assert.Empty(await WritesSinceAsync(restart));
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"commonLabels":{"team":"blue"}}}"""]);
        app = await ReadyAsync();
        Assert.Null(app.Status!.Drift);
        await Kubectl.RunAsync("set image deployment/shop-auth auth=other:1");
        app = await AppWhere(s => s.Drift is { Count: 1 });
        Assert.Equal(".spec.template.spec.containers[auth].image", app.Status!.Drift!.Last!.Field);
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_Role_without_Deployments_is_told_with_the_missing_verb()
    {
        var user = await Cluster.CreateUserAsync($"limited-{Namespace}");
        await Kubectl.ApplyAsync("""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: { name: limited }
            rules:
            - { apiGroups: [fleet.microservices.dev], resources: [microserviceapps, microserviceapps/status], verbs: ["*"] }
            - { apiGroups: [""], resources: [services, serviceaccounts, configmaps, secrets, pods], verbs: ["*"] }
            - { apiGroups: [apps], resources: [replicasets], verbs: ["*"] }
            - { apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: ["*"] }
            - { apiGroups: [events.k8s.io, coordination.k8s.io], resources: [events, leases], verbs: ["*"] }
            """);
        await Kubectl.RunAsync($"create rolebinding limited --role=limited --user=limited-{Namespace}");
        // The server goes by a Role a moment after it has it; an operator that is refused everything asks again after a while.
        await Eventually.True(async () => (await Cluster.KubectlAs(user, Namespace).TryAsync(["get", "msa"])).ExitCode == 0);
        var process = await StartOperatorAsync(o => o with { Kubeconfig = user });
        process.Log.Expect(_ => true);
        await Kubectl.ApplyAsync(Shop);
        var app = await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.Forbidden);
        var message = Of(app.Status!, Conditions.Ready)!.Message;
        Assert.Contains("list", message, StringComparison.Ordinal);
        Assert.Contains("deployments.apps", message, StringComparison.Ordinal);

        await Kubectl.RunAsync("create role deployer --verb=* --resource=deployments.apps");
        await Kubectl.RunAsync($"create rolebinding deployer --role=deployer --user=limited-{Namespace}");
        // A watch that is refused is tried again with a back-off of half a minute at most, and so is the app.
        await ReadyAsync(timeout: TimeSpan.FromMinutes(1) + Eventually.Patience);
    }

    [Fact]
    public async Task A_dependency_that_never_comes_stalls_the_service_at_its_deadline()
    {
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "users" ? new PodBehaviour.Creating() : null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop.Replace("spec:\n", "spec:\n  progressDeadlineSeconds: 10\n", StringComparison.Ordinal));
        var app = await AppWhere(s => s.Services.Any(r => r is { Name: "orders", State: ServicePhase.Stalled }));
        Assert.Equal(Reasons.ProgressDeadlineExceeded, Row(app, "orders").Reason);
        Assert.Contains("users", Row(app, "orders").Message, StringComparison.Ordinal);
    }

    private static string WithUsers(string addition) => Shop.Replace(Users, Users.Replace(" }", $", {addition} }}", StringComparison.Ordinal), StringComparison.Ordinal);

    private Task<string> ApplyWithUsersAsync(string addition) => Kubectl.ApplyAsync(WithUsers(addition));

    private static string Image(KubeObject deployment) =>
        deployment.Part("spec").GetProperty("template").GetProperty("spec").GetProperty("containers")[0].GetProperty("image").GetString()!;
}
