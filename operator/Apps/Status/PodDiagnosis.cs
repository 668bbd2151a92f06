using System.Text.RegularExpressions;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Finds out from pods why a service does not run. Messages are the same from attempt to attempt: the kubelet's own alternate and count, and every
/// other word would be another write.
/// </summary>
internal static partial class PodDiagnosis
{
    // A started container that is not ready for this long fails its probe; one that starts is given longer.
    private static readonly TimeSpan ReadinessGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StartupGrace = TimeSpan.FromSeconds(60);

    private static readonly Refusal NotStarted = new(Reasons.CrashLooping, "it cannot be started: check command and args; kubectl describe pod tells more");

    /// <summary>What is wrong with the pods, or null; and after what time a probe that does not pass yet would count as failing.</summary>
    internal static (Refusal? Cause, TimeSpan? AskAgain) Of(IEnumerable<Pod> pods, IEnumerable<ReplicaSet> replicaSets, string service, DateTimeOffset now)
    {
        if (replicaSets.Select(Refused).FirstOrDefault(r => r is not null) is { } refused)
            return (refused, null);

        TimeSpan? askAgain = null;
        foreach (var pod in pods.Where(p => p.Metadata.DeletionTimestamp is null && p.Status.Phase is not ("Failed" or "Succeeded")).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal))
        {
            if (Unscheduled(pod) is { } unscheduled)
                return (unscheduled, null);
            foreach (var (container, isInit) in (pod.Status.InitContainerStatuses ?? []).Select(c => (c, true)).Concat((pod.Status.ContainerStatuses ?? []).Select(c => (c, false))))
            {
                var who = container.Name == service ? "" : $"container {container.Name}: ";
                if (OfContainer(container) is { } cause)
                    return (cause with { Message = who + cause.Message }, null);
                // An init container has no probes, unless it is a sidecar, which counts as started.
                if ((isInit && container.Started != true) || ProbeWait(container, now) is not { } wait)
                    continue;
                if (wait <= TimeSpan.Zero)
                    return (new(Reasons.ProbeFailing, $"{who}{(container.Started == true ? "it runs but its readiness probe does not pass" : "it runs but its startup probe does not pass")}: check probes, port and what it waits for"), null);
                askAgain = askAgain is null || wait < askAgain ? wait : askAgain;
            }
        }

        return (null, askAgain);
    }

    private static Refusal? Refused(ReplicaSet set)
    {
        var failure = set.Status.Conditions?.FirstOrDefault(c => c is { Type: "ReplicaFailure", Status: "True" });
        if (failure is null)
            return null;
        // The name of the pod that was refused, and what of a quota is used, differ from attempt to attempt.
        var message = UsedQuota().Replace(PodName().Replace(failure.Message ?? "", "pods"), "");
        return new(Reasons.PodRefused, $"the API server refuses its pods: {Short(message)}");
    }

    private static Refusal? Unscheduled(Pod pod)
    {
        var scheduled = pod.Status.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable" });
        if (scheduled is null)
            return null;
        var message = Preemption().Replace(scheduled.Message ?? "", "");
        message = NodeCount().Replace(message, "").Trim().TrimEnd('.');
        return new(Reasons.Unschedulable, $"no node takes its pods ({Short(message)}): lower resources.requests, or add nodes that fit");
    }

    private static Refusal? OfContainer(ContainerStatus container)
    {
        var waiting = container.State?.Waiting;
        switch (waiting?.Reason)
        {
            case "ImagePullBackOff" or "ErrImagePull" or "ErrImageNeverPull" or "InvalidImageName" or "ImageInspectError" or "RegistryUnavailable":
                return new(Reasons.ImagePullFailed, $"image {container.Image} cannot be pulled: check its name and tag, and spec.defaults.imagePullSecrets for a private registry");
            // Of the node that runs pods as processes: its message names what to do.
            case "NoLocalProgram" or "InvalidCommand" when waiting.Message is { } advice:
                return new(Reasons.ImagePullFailed, Short(advice));
            // The kubelet has one reason for all of these; only its text tells them apart (pkg/kubelet/kuberuntime, security_context_others.go).
            case "CreateContainerConfigError" when waiting.Message is { } text && (text.Contains("runAsNonRoot", StringComparison.Ordinal) || text.Contains("non-root", StringComparison.Ordinal)):
                return new(Reasons.RunsAsRoot, $"image {container.Image} runs as root, which pods may not do by default: use an image with a numeric user, " +
                    "or allow it with podTemplate: {spec: {securityContext: {runAsNonRoot: false}}}");
            case "CreateContainerConfigError":
                return new(Reasons.ConfigMissing, $"{Short(waiting.Message ?? "its configuration is incomplete")}: create what is missing, or mark it optional");
            case "CreateContainerError" or "RunContainerError" or "PostStartHookError":
                return NotStarted;
        }

        // Between two runs the container is waiting, ended, or running and not ready: one cause for all three.
        var ended = container.State?.Terminated ?? container.LastState?.Terminated;
        if (container.Ready || container.RestartCount == 0 || (ended is null && waiting?.Reason != "CrashLoopBackOff"))
            return null;
        var how = ended switch
        {
            // What could not be started is told as waiting at one moment and as ended at the next.
            { Reason: "StartError" or "ContainerCannotRun" } => NotStarted.Message,
            { Reason: "OOMKilled" } => "it used more memory than resources.limits.memory and was killed: raise the limit or find the leak",
            { ExitCode: var code } => $"it ends with exit code {code} again and again: kubectl logs --previous shows its last words",
            null => "it ends again and again: kubectl logs --previous shows its last words",
        };
        return new(Reasons.CrashLooping, how);
    }

    // The pod does not say that a probe fails; it says that the container runs and is not ready.
    private static TimeSpan? ProbeWait(ContainerStatus container, DateTimeOffset now)
    {
        if (container.Ready || container.State?.Running?.StartedAt is not { } since)
            return null;
        return since + (container.Started == true ? ReadinessGrace : StartupGrace) - now;
    }

    private static string Short(string message) => message.Length <= 512 ? message : message[..509] + "...";

    [GeneratedRegex("pods \"[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PodName();

    [GeneratedRegex(", used: .*?(?=, limited:)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UsedQuota();

    [GeneratedRegex(@"\.? ?preemption:.*$", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Preemption();

    [GeneratedRegex(@"\d+/\d+ nodes are available: |\b\d+ (?=\S)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NodeCount();
}
