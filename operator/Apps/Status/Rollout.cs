using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>How far a Deployment has come with its newest spec.</summary>
/// <param name="Desired">Pods wanted.</param>
/// <param name="Status">What its controller saw.</param>
/// <param name="IsObserved">Whether the controller saw the newest spec; if not, its numbers are about an older one.</param>
public sealed record Rollout(int Desired, DeploymentStatus Status, bool IsObserved)
{
    /// <summary>Reads a Deployment.</summary>
    public static Rollout Of(KubeObject deployment)
    {
        var status = deployment.Part("status") is { ValueKind: JsonValueKind.Object } part ? part.Deserialize(KubeJson.Default.DeploymentStatus)! : new();
        var desired = deployment.Part("spec").TryGetProperty("replicas", out var replicas) ? replicas.GetInt32() : 1;
        return new(desired, status, status.ObservedGeneration >= deployment.Metadata.Generation);
    }

    /// <summary>
    /// Every pod is new and ready, and none of an older template is left: without the last part, one old ready pod and one new unready
    /// pod would count as one that is new and ready.
    /// </summary>
    public bool IsComplete => IsObserved && Status.UpdatedReplicas == Desired && Status.ReadyReplicas == Desired && Status.Replicas == Desired;

    /// <summary>The same where an autoscaler sets the number: every pod is new, and enough of them are ready, for more may always be on their way.</summary>
    /// <param name="least">How few there may be.</param>
    public bool Serves(int least) => IsObserved && Status.UpdatedReplicas == Status.Replicas && Status.ReadyReplicas >= Math.Max(least, 1);

    /// <summary>Whether Kubernetes gave up waiting for progress.</summary>
    public bool IsOverdue => IsObserved && Status.Conditions?.Any(c => c is { Type: "Progressing", Status: "False", Reason: "ProgressDeadlineExceeded" }) == true;

    /// <summary>The numbers for status.</summary>
    public ReplicaCounts Counts => IsObserved
        ? new() { Desired = Desired, Updated = Status.UpdatedReplicas, Ready = Status.ReadyReplicas }
        : new() { Desired = Desired, Updated = 0, Ready = Status.ReadyReplicas };
}
