using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Status;

/// <summary>From how pods fare to what the table says. The texts are the kubelet's and the scheduler's own.</summary>
public class PodDiagnosisTests
{
    private static readonly ContainerStateTerminated Exit3 = new() { ExitCode = 3, Reason = "Error" };

    private static readonly Dictionary<string, PodStatus> Fates = new()
    {
        ["not yet scheduled"] = new() { Phase = "Pending" },
        ["creating"] = FakeCluster.Waits("ContainerCreating"),
        ["ErrImagePull"] = FakeCluster.Waits("ErrImagePull", "rpc error: code = NotFound desc = failed to pull and unpack image \"web:1\""),
        ["ImagePullBackOff"] = FakeCluster.Waits("ImagePullBackOff", "Back-off pulling image \"web:1\""),
        ["ErrImageNeverPull"] = FakeCluster.Waits("ErrImageNeverPull"),
        ["no local program"] = FakeCluster.Waits("NoLocalProgram", "no program of this machine stands for image web:1: name a command with the annotation fleet.local/command"),
        ["InvalidImageName"] = FakeCluster.Waits("InvalidImageName"),
        ["crash, waiting"] = FakeCluster.Waits("CrashLoopBackOff", "back-off 40s restarting failed container=web pod=shop-web-5d-xk2p9_demo(7c)", restarts: 3, ended: Exit3),
        ["crash, waiting longer"] = FakeCluster.Waits("CrashLoopBackOff", "back-off 1m20s restarting failed container=web pod=shop-web-5d-xk2p9_demo(7c)", restarts: 4, ended: Exit3),
        ["crash, ended"] = FakeCluster.Ended(3, "Error", restarts: 3),
        ["crash, running again"] = FakeCluster.Runs(ready: false, Given.Start.AddSeconds(-1), started: false, restarts: 4, ended: Exit3),
        ["out of memory"] = FakeCluster.Waits("CrashLoopBackOff", restarts: 2, ended: new() { ExitCode = 137, Reason = "OOMKilled" }),
        ["no such command"] = FakeCluster.Waits("RunContainerError", "failed to create containerd task: exec: \"serve\": executable file not found in $PATH", restarts: 1),
        ["no such command, waiting"] = FakeCluster.Waits("CrashLoopBackOff", restarts: 2, ended: new() { ExitCode = 128, Reason = "StartError" }),
        ["no such command, ended"] = FakeCluster.Ended(128, "StartError", restarts: 2),
        ["first crash"] = FakeCluster.Ended(3, "Error", restarts: 0),
        ["ready again"] = FakeCluster.Runs(ready: true, Given.Start.AddSeconds(-1), restarts: 4, ended: Exit3),
        ["not ready for 9 s"] = FakeCluster.Runs(ready: false, Given.Start.AddSeconds(-9)),
        ["not ready for 10 s"] = FakeCluster.Runs(ready: false, Given.Start.AddSeconds(-10)),
        ["not started for 59 s"] = FakeCluster.Runs(ready: false, Given.Start.AddSeconds(-59), started: false),
        ["not started for 60 s"] = FakeCluster.Runs(ready: false, Given.Start.AddSeconds(-60), started: false),
        ["secret missing"] = FakeCluster.Waits("CreateContainerConfigError", "secret \"db\" not found"),
        ["key missing"] = FakeCluster.Waits("CreateContainerConfigError", "couldn't find key url in Secret demo/db"),
        ["root image"] = FakeCluster.Waits("CreateContainerConfigError", "container has runAsNonRoot and image will run as root (pod: \"shop-web-5d-xk2p9_demo(7c)\", container: web)"),
        ["user by name"] = FakeCluster.Waits(
            "CreateContainerConfigError", "container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root (pod: \"shop-web-5d-xk2p9_demo(7c)\", container: web)"),
        ["root asked for"] = FakeCluster.Waits("CreateContainerConfigError", "container's runAsUser breaks non-root policy (pod: \"shop-web-5d-xk2p9_demo(7c)\", container: web)"),
        ["unschedulable"] = FakeCluster.Unschedulable("0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. " +
            "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod."),
        ["unschedulable, more nodes"] = FakeCluster.Unschedulable("0/5 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 4 Insufficient cpu. " +
            "preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod."),
        ["unschedulable on 1.20"] = FakeCluster.Unschedulable("0/1 nodes are available: 1 Insufficient cpu."),
        ["no nodes"] = FakeCluster.Unschedulable("no nodes available to schedule pods"),
        ["evicted"] = new() { Phase = "Failed", Reason = "Evicted", ContainerStatuses = FakeCluster.Ended(137, "Error", 1).ContainerStatuses },
    };

    [Theory]
    [InlineData("not yet scheduled", "Progressing", Reasons.RollingOut, "its pods are being started")]
    [InlineData("creating", "Progressing", Reasons.RollingOut, "its pods are being started")]
    [InlineData("first crash", "Progressing", Reasons.RollingOut, "its pods are being started")]
    [InlineData("evicted", "Progressing", Reasons.RollingOut, "its pods are being started")]
    [InlineData("not ready for 9 s", "Progressing", Reasons.RollingOut, "its pods are being started")]
    [InlineData("not started for 59 s", "Progressing", Reasons.RollingOut, "its pods are being started")]
    [InlineData("ErrImagePull", "Degraded", Reasons.ImagePullFailed, "image web:1 cannot be pulled: check its name and tag")]
    [InlineData("ImagePullBackOff", "Degraded", Reasons.ImagePullFailed, "spec.defaults.imagePullSecrets")]
    [InlineData("no local program", "Degraded", Reasons.ImagePullFailed, "annotation fleet.local/command")]
    [InlineData("ErrImageNeverPull", "Degraded", Reasons.ImagePullFailed, "image web:1")]
    [InlineData("InvalidImageName", "Degraded", Reasons.ImagePullFailed, "image web:1")]
    [InlineData("crash, waiting", "Degraded", Reasons.CrashLooping, "exit code 3 again and again: kubectl logs --previous")]
    [InlineData("out of memory", "Degraded", Reasons.CrashLooping, "raise the limit")]
    [InlineData("no such command", "Degraded", Reasons.CrashLooping, "cannot be started: check command and args")]
    [InlineData("not ready for 10 s", "Degraded", Reasons.ProbeFailing, "its readiness probe does not pass")]
    [InlineData("not started for 60 s", "Degraded", Reasons.ProbeFailing, "its startup probe does not pass")]
    [InlineData("secret missing", "Degraded", Reasons.ConfigMissing, "secret \"db\" not found: create what is missing")]
    [InlineData("key missing", "Degraded", Reasons.ConfigMissing, "couldn't find key url in Secret demo/db")]
    [InlineData("root image", "Degraded", Reasons.RunsAsRoot, "podTemplate: {spec: {securityContext: {runAsNonRoot: false}}}")]
    [InlineData("user by name", "Degraded", Reasons.RunsAsRoot, "numeric user")]
    [InlineData("root asked for", "Degraded", Reasons.RunsAsRoot, "numeric user")]
    [InlineData("unschedulable", "Degraded", Reasons.Unschedulable, "untolerated taint {node-role.kubernetes.io/control-plane: }, Insufficient cpu): lower resources.requests")]
    [InlineData("unschedulable on 1.20", "Degraded", Reasons.Unschedulable, "(Insufficient cpu)")]
    [InlineData("no nodes", "Degraded", Reasons.Unschedulable, "(no nodes available to schedule pods)")]
    public void A_service_says_what_is_wrong_with_its_pods(string fate, string state, string reason, string message)
    {
        var row = Web(Fates[fate]).Row("web");
        Assert.Equal((state, reason), (row.State.ToString(), row.Reason));
        Assert.Contains(message, row.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain("xk2p9", row.Message!, StringComparison.Ordinal); // a pod's name lives as long as the pod
    }

    [Theory]
    [InlineData("ErrImagePull", "ImagePullBackOff")]
    [InlineData("crash, waiting", "crash, waiting longer", "crash, ended", "crash, running again")]
    [InlineData("no such command", "no such command, waiting", "no such command, ended")]
    [InlineData("unschedulable", "unschedulable, more nodes")]
    public void What_a_pod_says_from_attempt_to_attempt_is_one_status(params string[] fates)
    {
        var fleet = Web(Fates[fates[0]]);
        var writes = fleet.StatusWrites;
        foreach (var fate in fates.Concat(fates).Skip(1))
        {
            fleet.Cluster.Fares("web", pod => Fates[fate] with { ContainerStatuses = [.. (Fates[fate].ContainerStatuses ?? []).Select(c => c with { Name = "web", Image = "web:1" })] });
            fleet.Pass();
            Assert.Equal(writes, fleet.StatusWrites);
        }
    }

    [Theory]
    [InlineData(
        "pods \"shop-web-5d-xk2p9\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4",
        "pods \"shop-web-5d-zz999\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=4",
        "exceeded quota: small, requested: pods=1, limited: pods=4")]
    [InlineData(
        "pods \"shop-web-5d-xk2p9\" is forbidden: violates PodSecurity \"restricted:latest\": host namespaces",
        "pods \"shop-web-5d-b2b2b\" is forbidden: violates PodSecurity \"restricted:latest\": host namespaces",
        "violates PodSecurity")]
    public void Pods_that_the_server_refuses_are_told_from_the_ReplicaSet_without_names_and_counters(string first, string second, string message)
    {
        var fleet = Web(new() { Phase = "Pending" });
        fleet.Cluster.RefusesPods("web", first);
        fleet.Pass();
        var row = fleet.Row("web");
        Assert.Equal((ServicePhase.Degraded, Reasons.PodRefused), (row.State, row.Reason));
        Assert.Contains(message, row.Message!, StringComparison.Ordinal);
        Assert.DoesNotContain("xk2p9", row.Message!, StringComparison.Ordinal);
        var writes = fleet.StatusWrites;
        fleet.Cluster.RefusesPods("web", second);
        fleet.Pass();
        Assert.Equal(writes, fleet.StatusWrites);
    }

    [Theory]
    [InlineData("not ready for 9 s", 1)]
    [InlineData("not started for 59 s", 1)]
    [InlineData("creating", null)]
    [InlineData("crash, waiting", null)]
    public void A_probe_that_may_yet_pass_is_looked_at_again(string fate, int? seconds) => Assert.Equal(seconds, (int?)Web(Fates[fate]).AskAgain?.TotalSeconds);

    [Fact]
    public void A_failing_sidecar_is_named()
    {
        var fleet = Web(Fates["creating"]);
        fleet.Cluster.Fares("web", _ => new()
        {
            Phase = "Running",
            ContainerStatuses =
            [
                Fates["ready again"].ContainerStatuses![0] with { Name = "web" },
                Fates["crash, waiting"].ContainerStatuses![0] with { Name = "log-shipper" },
            ],
        });
        fleet.Pass();
        Assert.StartsWith("container log-shipper: it ends with exit code 3", fleet.Row("web").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_init_container_may_run_for_as_long_as_it_takes()
    {
        var fleet = Web(Fates["creating"]);
        fleet.Cluster.Fares("web", _ => new()
        {
            Phase = "Pending",
            InitContainerStatuses = [new() { Name = "migrate", Started = false, State = new() { Running = new() { StartedAt = Given.Start.AddHours(-1) } } }],
            ContainerStatuses = [new() { Name = "web", Started = false, State = new() { Waiting = new() { Reason = "PodInitializing" } } }],
        });
        fleet.Pass();
        Assert.Equal((ServicePhase.Progressing, null), (fleet.Row("web").State, fleet.AskAgain));
    }

    [Fact]
    public void One_failing_pod_among_many_shows()
    {
        var fleet = new SimulatedFleet(Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80, replicas: 3 }]"));
        fleet.Settle();
        Assert.Equal(ServicePhase.Active, fleet.Row("web").State);
        var last = fleet.Cluster.Pods[^1].Metadata.Name;
        fleet.Cluster.Fares("web", pod => pod.Metadata.Name == last ? Fates["crash, waiting"] : pod.Status);
        fleet.Cluster.Count("web", total: 3, updated: 3, ready: 2);
        fleet.Pass();
        Assert.Equal((ServicePhase.Degraded, Reasons.CrashLooping, 2), (fleet.Row("web").State, fleet.Row("web").Reason, fleet.Row("web").Replicas.Ready));
    }

    [Fact]
    public void Pods_of_the_old_template_are_not_asked()
    {
        var fleet = Web(Fates["crash, waiting"]);
        fleet.App = fleet.App.With("services: [{ name: web, image: web:2, protocol: HTTP, port: 80 }]");
        fleet.Pass();
        var old = fleet.Cluster.Pods.Single();
        fleet.Cluster.RollsOut("web", Fates["creating"], old: 1);
        fleet.Cluster.Fares("web", pod => pod.Metadata.OwnerReferences![0].Uid == old.Metadata.OwnerReferences![0].Uid ? old.Status : pod.Status);
        fleet.Pass();
        Assert.Equal((ServicePhase.Progressing, Reasons.RollingOut), (fleet.Row("web").State, fleet.Row("web").Reason));
    }

    [Fact]
    public void Pods_of_an_earlier_Deployment_of_the_same_name_are_not_asked()
    {
        var fleet = Web(Fates["creating"]);
        foreach (var image in new[] { "web:2", "web:3" }) // so that its newest revision is higher than the next one's
        {
            fleet.App = fleet.App.With($"services: [{{ name: web, image: {image}, protocol: HTTP, port: 80 }}]");
            fleet.Pass();
            fleet.Cluster.RollsOut("web", Fates["creating"]);
        }

        fleet.Cluster.Delete("Deployment/shop-web");
        fleet.Pass();
        fleet.Cluster.RollsOut("web", Fates["ImagePullBackOff"]);
        fleet.Pass();
        Assert.Equal(Reasons.ImagePullFailed, fleet.Row("web").Reason);
    }

    private static SimulatedFleet Web(PodStatus fares)
    {
        var fleet = new SimulatedFleet(Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]"));
        fleet.Pass();
        fleet.Cluster.RollsOut("web", fares);
        fleet.Pass();
        return fleet;
    }
}
