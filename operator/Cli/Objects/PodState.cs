using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>A pod in a few words, the ones of <c>kubectl get pods</c>.</summary>
/// <param name="Status">What it does or what stops it: <c>Running</c>, <c>ImagePullBackOff</c>, <c>Terminating</c>.</param>
/// <param name="Ready">Containers that are ready.</param>
/// <param name="Containers">Containers there are.</param>
/// <param name="Restarts">How often its containers were restarted.</param>
internal sealed record PodState(string Status, int Ready, int Containers, int Restarts)
{
    /// <summary>Reads a pod as the server sent it.</summary>
    internal static PodState Of(KubeObject source)
    {
        var pod = Typed(source);
        var (init, main) = (pod.Status.InitContainerStatuses ?? [], pod.Status.ContainerStatuses ?? []);
        var containers = Math.Max(main.Count, source.Json.Each("spec", "containers").Count());
        return new(StatusOf(pod, init, main), main.Count(c => c.Ready), containers, init.Concat(main).Sum(c => c.RestartCount));
    }

    /// <summary>The part of a pod that tells how it is.</summary>
    internal static Pod Typed(KubeObject pod) => pod.Json.Deserialize(KubeJson.Default.Pod)!;

    /// <summary>Whether every container is ready.</summary>
    internal bool IsReady => Ready == Containers && Containers > 0;

    private static string StatusOf(Pod pod, IReadOnlyList<ContainerStatus> init, IReadOnlyList<ContainerStatus> main)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
            return "Terminating";
        if (pod.Status.Reason is { } reason)
            return reason;
        // A sidecar is an init container that goes on running.
        if (init.FirstOrDefault(c => c.State?.Terminated?.ExitCode != 0 && c.Started != true && c.State is not null) is { } starting)
            return $"Init:{Why(starting) ?? $"{init.Count(c => c.State?.Terminated?.ExitCode == 0)}/{init.Count}"}";
        if (main.Select(Why).FirstOrDefault(w => w is not null) is { } why)
            return why;
        var unscheduled = pod.Status.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False" })?.Reason;
        return unscheduled ?? pod.Status.Phase ?? "Unknown";
    }

    private static string? Why(ContainerStatus container) => container.State switch
    {
        { Waiting.Reason: { } reason } => reason,
        { Terminated: { } ended } => ended.Reason ?? $"ExitCode:{ended.ExitCode}",
        _ => null,
    };
}
