using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Cli;

/// <summary><c>fleet doctor</c> in every scenario of <see cref="CauseTests"/> and in those where no condition can tell: the cause is named, and the next step is concrete.</summary>
public class DoctorTests(ITestOutputHelper output) : CliTest(output)
{
    private const string Users = "  - { name: users,  port: 8002, protocol: HTTP/REST }\n";

    [Fact]
    public async Task An_app_that_is_Ready_ends_with_0()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var doctor = (await FleetAsync("doctor", "shop")).Succeeded();
        Assert.StartsWith("shop is Ready\n", doctor.Out, StringComparison.Ordinal);
        Assert.StartsWith("shop is Ready\n", (await FleetAsync("doctor")).Succeeded().Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ImagePullBackOff", Reasons.ImagePullFailed, "images --registry ")]
    [InlineData("CrashLoopBackOff:3", Reasons.CrashLooping, " logs shop-auth-")]
    [InlineData("CrashLoopBackOff:137", Reasons.CrashLooping, "raise spec.services[auth].resources.limits.memory")]
    [InlineData("NotReady", Reasons.ProbeFailing, " on port 8081")]
    [InlineData("RunsAsRoot", Reasons.RunsAsRoot, "runAsNonRoot: false")]
    [InlineData("CreateContainerConfigError:secret \"gone\" not found", Reasons.ConfigMissing, " create secret generic gone ")]
    public async Task What_a_pod_suffers_from(string state, string reason, string next)
    {
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "auth" ? PodBehaviour.TryParse(state) : null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, reason);
        await SaysAsync(reason, "auth: ", next);
    }

    [Fact]
    public async Task A_pod_that_fails_later_and_heals()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var pod = Node.Pods.First(p => p.Namespace == Namespace && p.Label(Keys.Service) == "users");
        await Node.SetStateAsync(Namespace, pod.Name, new PodBehaviour.CrashLoopBackOff(2));
        await ConditionAsync(Conditions.Ready, ConditionStatus.False, Reasons.CrashLooping);
        await SaysAsync(Reasons.CrashLooping, "exit code 2", $"logs {pod.Name} -c users --previous");
        await Node.SetStateAsync(Namespace, pod.Name, new PodBehaviour.Running());
        await ReadyAsync();
        (await FleetAsync("doctor", "shop")).Succeeded();
    }

    [Fact]
    public async Task A_pod_that_no_node_takes()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(WithUsers("podTemplate: { spec: { nodeSelector: { kubernetes.io/hostname: nowhere } } }"));
        await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.Unschedulable);
        await SaysAsync(Reasons.Unschedulable, "users: no node matches its node selector kubernetes.io/hostname=nowhere", "spec.services[users].podTemplate.spec.nodeSelector");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_pod_that_asks_for_more_than_any_node_has()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(WithUsers("resources: { requests: { cpu: \"4000000\" } }"));
        await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.Unschedulable);
        await SaysAsync(Reasons.Unschedulable, "users: no node has enough cpu left", "lower spec.services[users].resources.requests.cpu below 4");
    }

    [Fact]
    public async Task A_missing_Secret()
    {
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "users" ? new PodBehaviour.Creating() : null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(WithUsers("env: [{ name: DB, valueFrom: { secretKeyRef: { name: db, key: url } } }]"));
        await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.ConfigMissing);
        var next = await SaysAsync(Reasons.ConfigMissing, "Secret/db does not exist", "create secret generic db --from-literal=url=VALUE");
        rule.Dispose();

        // The step that is printed is a command, and it helps.
        Assert.StartsWith($"kubectl -n {Namespace} ", next, StringComparison.Ordinal);
        await Kubectl.RunAsync(next["kubectl ".Length..]);
        await ReadyAsync();
    }

    [Fact]
    public async Task A_missing_pull_secret()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop.Replace("spec:\n", "spec:\n  defaults: { imagePullSecrets: [{ name: registry }] }\n", StringComparison.Ordinal));
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.SecretNotFound);
        var next = await SaysAsync(Reasons.SecretNotFound, "Secret/registry", "create secret docker-registry registry ");
        await Kubectl.RunAsync(next["kubectl ".Length..]);
        await ReadyAsync();
    }

    [Fact]
    public async Task A_name_in_the_way()
    {
        await Kubectl.RunAsync("create service clusterip shop-users --tcp=1:1");
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.NameConflict);
        await SaysAsync(Reasons.NameConflict, "users: Service/shop-users is in the way", $"kubectl -n {Namespace} delete service shop-users");
    }

    [Theory]
    [InlineData("dependsOn: [billing]", Reasons.InvalidSpec, "dependsOn must name")]
    [InlineData("dependsOn: [orders]", Reasons.DependencyCycle, "->")]
    [InlineData("replicas: 2", Reasons.InvalidSpec, "ConnectionStrings__Default")]
    public async Task A_spec_that_breaks_a_rule(string addition, string reason, string message)
    {
        await StartOperatorAsync();
        var applied = await Kubectl.TryAsync(["apply", "--filename", "-"], WithUsers(addition));
        if (applied.ExitCode != 0)
        {
            Assert.Contains(message, applied.Error, StringComparison.Ordinal); // the CRD's own rules, where the server knows them
            return;
        }

        await ConditionAsync(Conditions.Accepted, ConditionStatus.False, reason);
        await SaysAsync(reason, message, $"kubectl -n {Namespace} edit msa shop");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task A_quota()
    {
        await Kubectl.RunAsync("create quota few --hard=count/services=2");
        await Eventually.True(async () => (await Kubectl.GetJsonAsync("quota/few"))["status"]?["hard"] is not null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.QuotaExceeded);
        await SaysAsync(Reasons.QuotaExceeded, "exceeded quota: few", $"raise spec.hard[count/services]: kubectl -n {Namespace} edit resourcequota few");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task Pods_that_admission_refuses()
    {
        await using var webhook = await AdmissionWebhook.StartAsync(Cluster, Namespace, mutating: false, ["/pods"], question =>
            (string?)question.Object?["metadata"]?["labels"]?[Keys.Service] == "auth" ? AdmissionAnswer.Deny("pods of auth are not welcome here") : AdmissionAnswer.Allow);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.PodRefused);
        await SaysAsync(Reasons.PodRefused, "pods of auth are not welcome here", "kubectl get validatingwebhookconfiguration ");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task Objects_that_a_webhook_refuses()
    {
        await using var webhook = await AdmissionWebhook.StartAsync(Cluster, Namespace, mutating: false, ["apps/deployments"], question =>
            (string?)question.Object?["metadata"]?["labels"]?[Keys.Service] == "auth" ? AdmissionAnswer.Deny("no Deployment of auth") : AdmissionAnswer.Allow);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.ApplyFailed);
        await SaysAsync(Reasons.ApplyFailed, "no Deployment of auth", "kubectl get validatingwebhookconfiguration ");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task An_operator_without_rights_and_the_commands_that_grant_them()
    {
        var user = await Cluster.CreateUserAsync($"limited-{Namespace}");
        await Kubectl.RunAsync("create role limited --verb=* --resource=microserviceapps.fleet.microservices.dev,microserviceapps.fleet.microservices.dev/status," +
            "services,serviceaccounts,configmaps,secrets,pods,replicasets.apps,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io,events.events.k8s.io,leases.coordination.k8s.io");
        await Kubectl.RunAsync($"create rolebinding limited --role=limited --user=limited-{Namespace}");
        // The server goes by a Role a moment after it has it; an operator that is refused everything asks again after a while.
        await Eventually.True(async () => (await Cluster.KubectlAs(user, Namespace).TryAsync(["get", "msa"])).ExitCode == 0);
        var process = await StartOperatorAsync(o => o with { Kubeconfig = user });
        process.Log.Expect(_ => true);
        await Kubectl.ApplyAsync(Shop);
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.Forbidden);
        await SaysAsync(Reasons.Forbidden, "deployments.apps", $"--verb=get,list,watch --resource=deployments.apps && kubectl -n {Namespace} create rolebinding");
    }

    [Fact]
    public async Task A_dependency_that_never_comes_is_the_cause_and_not_the_one_that_waits()
    {
        using var rule = Node.Behave(pod => pod.Namespace == Namespace && pod.Label(Keys.Service) == "users" ? new PodBehaviour.Creating() : null);
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Shop.Replace("spec:\n", "spec:\n  progressDeadlineSeconds: 10\n", StringComparison.Ordinal));
        await AppWhere(s => s.Services.Any(r => r is { Name: "orders", State: ServicePhase.Stalled }));
        // The one that is waited for is Stalled as well, by the deadline of its own Deployment, which began a moment later.
        await Eventually.That(
            () => FleetAsync("doctor", "shop"),
            doctor => doctor.ExitCode == 1
                && doctor.Out.StartsWith($"shop is not Ready: {Reasons.ProgressDeadlineExceeded}\nCAUSE     users: ", StringComparison.Ordinal)
                && doctor.Out.Contains("HOLDS UP  orders -> users\n", StringComparison.Ordinal)
                && doctor.Out.Contains($"NEXT      see what its pod waits for: kubectl -n {Namespace} describe pod shop-users-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Drift_that_is_only_reported()
    {
        await StartOperatorAsync();
        await ReadyShopAsync(Shop.Replace("spec:\n", "spec:\n  driftPolicy: Report\n", StringComparison.Ordinal));
        await Kubectl.RunAsync("set image deployment/shop-auth auth=other:1");
        await ConditionAsync(Conditions.ResourcesApplied, ConditionStatus.False, Reasons.Drifted);
        await SaysAsync(Reasons.Drifted, "Deployment/shop-auth", "\"driftPolicy\":\"Repair\"");
    }

    [Fact]
    public async Task A_suspended_app()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"suspend":true}}"""]);
        await ConditionAsync(Conditions.Ready, ConditionStatus.Unknown, Reasons.Suspended);
        await SaysAsync(Reasons.Suspended, "spec.suspend is true", "\"suspend\":false");
    }

    [Fact]
    public async Task Without_an_operator_and_after_it_was_stopped()
    {
        await Kubectl.ApplyAsync(Shop);
        var doctor = await FleetAsync("doctor", "shop");
        Assert.Equal(1, doctor.ExitCode);
        // Operators of other tests may be there; none of them looks at this namespace.
        Assert.Contains("CAUSE     operator: no operator has looked at the app yet", doctor.Out, StringComparison.Ordinal);
        Assert.Contains(Namespace, Next(doctor), StringComparison.Ordinal);

        var process = await StartOperatorAsync();
        await ReadyAsync();
        await process.TerminateAsync();
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"commonLabels":{"team":"blue"}}}"""]);
        await SaysAsync("OperatorNotRunning", "the operator was stopped", "fleet run");
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task Whoever_may_not_read_the_apps_is_told_what_to_ask_for_and_whoever_may_read_little_is_told_what_is_missing()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(WithUsers("podTemplate: { spec: { nodeSelector: { kubernetes.io/hostname: nowhere } } }"));
        await ConditionAsync(Conditions.ServicesAvailable, ConditionStatus.False, Reasons.Unschedulable);

        var user = await Cluster.CreateUserAsync($"guest-{Namespace}");
        var refused = await FleetAsAsync(user, "doctor", "shop");
        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("shop is not Ready: NotPermitted\n", refused.Out, StringComparison.Ordinal);
        var grant = Next(refused)[Next(refused).IndexOf("kubectl", StringComparison.Ordinal)..];
        foreach (var line in grant.Split(" && "))
            await Kubectl.RunAsync(line["kubectl ".Length..]);

        // The server goes by the new Role a moment after it has it.
        var little = await Eventually.That(() => FleetAsAsync(user, "doctor", "shop"), doctor => !doctor.Out.Contains("NotPermitted", StringComparison.Ordinal));
        Assert.Equal(1, little.ExitCode);
        Assert.StartsWith($"shop is not Ready: {Reasons.Unschedulable}\nCAUSE     users: ", little.Out, StringComparison.Ordinal);
        Assert.Contains("NOTE      pods may not be read", little.Out, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Needs", "RealControlPlane")]
    public async Task Without_the_CRD_the_command_that_installs_it_is_told()
    {
        await using var bare = await ControlPlane.StartAsync();
        var doctor = await FleetAsAsync(bare.AdminKubeconfig, "doctor");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains("CrdNotInstalled", doctor.Out, StringComparison.Ordinal);
        Assert.StartsWith("fleet crds | kubectl apply ", Next(doctor), StringComparison.Ordinal);
    }

    private static string WithUsers(string addition) => Shop.Replace(Users, Users.Replace(" }", $", {addition} }}", StringComparison.Ordinal), StringComparison.Ordinal);

    private static string Next(CommandResult doctor) =>
        Assert.Single(doctor.Out.Split('\n'), l => l.StartsWith("NEXT ", StringComparison.Ordinal))["NEXT".Length..].Trim();

    // The other services may still be on their way, and be told of, when the one that is meant fails already: only what then stands is the answer.
    private async Task<string> SaysAsync(string reason, string cause, string next)
    {
        var doctor = await Eventually.That(
            () => FleetAsync("doctor", "shop"),
            d => d.ExitCode == 1
                && d.Out.StartsWith($"shop is not Ready: {reason}\n", StringComparison.Ordinal)
                && d.Out.Split('\n')[1].Contains(cause, StringComparison.Ordinal)
                && Next(d).Contains(next, StringComparison.Ordinal),
            what: $"doctor says {reason}, {cause} and {next}");
        return Next(doctor);
    }
}
