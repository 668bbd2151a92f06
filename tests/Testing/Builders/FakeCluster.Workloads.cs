using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <content>What the Deployment controller, the scheduler and the kubelet do, each step when a test says so.</content>
public sealed partial class FakeCluster
{
    private readonly List<ReplicaSet> _replicaSets = [];
    private readonly List<Pod> _pods = [];

    /// <summary>The ReplicaSets.</summary>
    public IReadOnlyList<ReplicaSet> ReplicaSets => _replicaSets;

    /// <summary>The pods.</summary>
    public IReadOnlyList<Pod> Pods => _pods;

    /// <summary>Rolls services out completely: every pod is of the newest template and ready. All of them when none is named.</summary>
    public FakeCluster Ready(params string[] services)
    {
        foreach (var deployment in DeploymentsOf(services))
        {
            var wanted = Replicas(deployment);
            var newest = ReplicaSetOf(deployment);
            _pods.RemoveAll(p => ServiceOf(p) == ServiceOf(deployment));
            for (var i = 0; i < wanted; i++)
                _pods.Add(NewPod(deployment, newest, i, Runs(ready: true, since: Now.AddMinutes(-1))));
            Count(deployment, total: wanted, updated: wanted, ready: wanted);
        }

        return this;
    }

    /// <summary>The Deployment controller has seen the newest spec and made its pods, beside those of the old template that are still there.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="fares">How the new pods fare; not yet scheduled when left out.</param>
    /// <param name="old">Ready pods of the old template.</param>
    /// <param name="pods">How many new pods there are; all that are wanted when left out.</param>
    public FakeCluster RollsOut(string service, PodStatus? fares = null, int old = 0, int? pods = null)
    {
        var deployment = DeploymentsOf([service]).Single();
        var before = _replicaSets.LastOrDefault(r => ServiceOf(r) == service);
        var newest = ReplicaSetOf(deployment);
        _pods.RemoveAll(p => ServiceOf(p) == service);
        for (var i = 0; i < old; i++)
            _pods.Add(NewPod(deployment, before ?? newest, 50 + i, Runs(ready: true, since: Now.AddHours(-1))));
        var made = pods ?? Replicas(deployment);
        for (var i = 0; i < made; i++)
            _pods.Add(NewPod(deployment, newest, i, fares ?? new() { Phase = "Pending" }));
        var ready = fares?.ContainerStatuses?.All(c => c.Ready) == true ? made : 0;
        Count(deployment, total: made + old, updated: made, ready: ready + old);
        return this;
    }

    /// <summary>The pods of a service, and how each of them fares.</summary>
    public FakeCluster Fares(string service, Func<Pod, PodStatus> status)
    {
        for (var i = 0; i < _pods.Count; i++)
        {
            if (ServiceOf(_pods[i]) == service)
                _pods[i] = _pods[i] with { Status = status(_pods[i]) };
        }

        return this;
    }

    /// <summary>The newest ReplicaSet could make no pods, and why.</summary>
    public FakeCluster RefusesPods(string service, string message)
    {
        var deployment = DeploymentsOf([service]).Single();
        var newest = ReplicaSetOf(deployment);
        _pods.RemoveAll(p => ServiceOf(p) == service);
        _replicaSets[_replicaSets.IndexOf(newest)] = newest with
        {
            Status = new() { Conditions = [new() { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = message }] },
        };
        Count(deployment, total: 0, updated: 0, ready: 0);
        return this;
    }

    /// <summary>Kubernetes gave up waiting for the rollout.</summary>
    public FakeCluster IsOverdue(string service)
    {
        var deployment = DeploymentsOf([service]).Single();
        var status = deployment.ToJsonObject()["status"]?.AsObject().DeepClone() ?? new JsonObject();
        status["conditions"] = new JsonArray(new JsonObject { ["type"] = "Progressing", ["status"] = "False", ["reason"] = "ProgressDeadlineExceeded" });
        SetStatus(deployment, status);
        return this;
    }

    /// <summary>The status of a Deployment, as its controller writes it.</summary>
    public FakeCluster Count(string service, int total, int updated, int ready, long? observed = null)
    {
        Count(DeploymentsOf([service]).Single(), total, updated, ready, observed);
        return this;
    }

    /// <summary>A running container.</summary>
    /// <param name="ready">Whether its readiness probe passes.</param>
    /// <param name="since">Since when it runs.</param>
    /// <param name="started">Whether its startup probe has passed.</param>
    /// <param name="restarts">How often it was restarted.</param>
    /// <param name="ended">How its last run ended.</param>
    public static PodStatus Runs(bool ready, DateTimeOffset since, bool started = true, int restarts = 0, ContainerStateTerminated? ended = null) => OneContainer(new()
    {
        Name = "", Ready = ready, Started = started, RestartCount = restarts, Image = "",
        State = new() { Running = new() { StartedAt = since } }, LastState = ended is null ? null : new() { Terminated = ended },
    });

    /// <summary>A container that waits.</summary>
    public static PodStatus Waits(string reason, string? message = null, int restarts = 0, ContainerStateTerminated? ended = null) => OneContainer(new()
    {
        Name = "", RestartCount = restarts, Image = "", State = new() { Waiting = new() { Reason = reason, Message = message } },
        LastState = ended is null ? null : new() { Terminated = ended },
    });

    /// <summary>A container between two runs.</summary>
    public static PodStatus Ended(int exitCode, string reason, int restarts) => OneContainer(new()
    {
        Name = "", RestartCount = restarts, Image = "", State = new() { Terminated = new() { ExitCode = exitCode, Reason = reason } },
    });

    /// <summary>A pod that no node takes.</summary>
    public static PodStatus Unschedulable(string message) => new()
    {
        Phase = "Pending",
        Conditions = [new() { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = message }],
    };

    private static PodStatus OneContainer(ContainerStatus container) => new()
    {
        Phase = container.State?.Running is null ? "Pending" : "Running",
        ContainerStatuses = [container],
    };

    private IEnumerable<KubeObject> DeploymentsOf(string[] services) => services.Length == 0
        ? [.. All.Where(o => o.Resource == Resources.Deployments)]
        : [.. services.Select(s => All.Single(o => o.Resource == Resources.Deployments && ServiceOf(o) == s))];

    private void Count(KubeObject deployment, int total, int updated, int ready, long? observed = null) => SetStatus(deployment, new JsonObject
    {
        ["observedGeneration"] = observed ?? deployment.Metadata.Generation, ["replicas"] = total, ["updatedReplicas"] = updated, ["readyReplicas"] = ready,
    });

    private void SetStatus(KubeObject deployment, JsonNode status) => Change(StoredAs(deployment.Id), json => json["status"] = status);

    // One per template, as the Deployment controller makes them; the newest has the highest revision.
    private ReplicaSet ReplicaSetOf(KubeObject deployment)
    {
        var template = deployment.Part("spec").GetProperty("template").GetRawText();
        var name = $"{deployment.Metadata.Name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template)))[..6]}";
        var siblings = _replicaSets.Where(r => r.Metadata.ControllerOwner()!.Uid == deployment.Metadata.Uid).ToList();
        if (siblings.Find(r => r.Metadata.Name == name) is { } there)
            return there;
        var made = new ReplicaSet { Metadata = Owned(deployment, deployment.Metadata.Uid!, name) with { Annotations = Revision(siblings.Count + 1) } };
        _replicaSets.Add(made);
        return made;
    }

    private static Pod NewPod(KubeObject deployment, ReplicaSet set, int number, PodStatus status)
    {
        var containers = deployment.Part("spec").GetProperty("template").GetProperty("spec").GetProperty("containers").EnumerateArray().ToList();
        return new()
        {
            Metadata = Owned(deployment, set.Metadata.Uid!, $"{set.Metadata.Name}-{number}"),
            Status = status with { ContainerStatuses = status.ContainerStatuses is [var only] ? [.. containers.Select(c => Named(only, c))] : status.ContainerStatuses },
        };
    }

    private static ContainerStatus Named(ContainerStatus status, JsonElement container) =>
        status with { Name = container.GetProperty("name").GetString()!, Image = container.GetProperty("image").GetString() };

    private static ObjectMeta Owned(KubeObject deployment, string owner, string name) => new()
    {
        Name = name, Namespace = Namespace, Uid = $"uid-of-{name}-of-{owner}", ResourceVersion = "1",
        Labels = deployment.Part("spec").GetProperty("template").GetProperty("metadata").GetProperty("labels").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!),
        OwnerReferences = [new() { ApiVersion = "apps/v1", Kind = owner == deployment.Metadata.Uid ? "Deployment" : "ReplicaSet", Name = deployment.Metadata.Name, Uid = owner, Controller = true }],
    };

    private static Dictionary<string, string> Revision(int number) => new() { ["deployment.kubernetes.io/revision"] = $"{number}" };

    private static int Replicas(KubeObject deployment) => deployment.Part("spec").GetProperty("replicas").GetInt32();

    private static string? ServiceOf(IKubeObject obj) => obj.Metadata.Label(Keys.Service);
}
