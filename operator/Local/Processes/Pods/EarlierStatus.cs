using System.Text.Json;

namespace Fleet.Local.Processes;

/// <summary>What the server's status of a pod says of containers that ran before this node was started.</summary>
internal static class EarlierStatus
{
    private const string Lost = "The container could not be located when the node was started";

    private static string? Phase(LocalPod pod) =>
        pod.Status is { ValueKind: JsonValueKind.Object } status && status.TryGetProperty("phase", out var phase) ? phase.GetString() : null;

    /// <summary>Whether the pod has come to its end for good.</summary>
    public static bool HasEnded(LocalPod pod) => Phase(pod) is "Succeeded" or "Failed";

    /// <summary>A container as it goes on from there: one that ran is lost, and counts as restarted when it runs again.</summary>
    public static ContainerSnapshot Of(LocalPod pod, Container container, bool isInit, DateTimeOffset now)
    {
        var fresh = new ContainerSnapshot(container.Name, container.Image)
        {
            Life = new ContainerLife.Waiting(isInit || pod.Spec.InitContainers.Count == 0 ? "ContainerCreating" : "PodInitializing"),
        };
        if (Find(pod, container.Name, isInit ? "initContainerStatuses" : "containerStatuses") is not { } was ||
            !was.TryGetProperty("containerID", out var id) || id.GetString() is not { Length: > 0 } before)
            return fresh;
        var restarts = was.TryGetProperty("restartCount", out var count) && count.TryGetInt32(out var number) ? number : 0;
        return fresh with { Id = before, Restarts = restarts, Last = new(137, "ContainerStatusUnknown", Lost, StartOf(was) ?? now, now) };
    }

    private static JsonElement? Find(LocalPod pod, string name, string field)
    {
        if (pod.Status is not { ValueKind: JsonValueKind.Object } status || !status.TryGetProperty(field, out var list) || list.ValueKind != JsonValueKind.Array)
            return null;
        var found = list.EnumerateArray().FirstOrDefault(c => c.TryGetProperty("name", out var n) && n.GetString() == name);
        return found.ValueKind == JsonValueKind.Object ? found : null;
    }

    private static DateTimeOffset? StartOf(JsonElement container) =>
        container.TryGetProperty("state", out var state) && state.TryGetProperty("running", out var running) &&
        running.TryGetProperty("startedAt", out var started) && started.TryGetDateTimeOffset(out var time) ? time : null;
}
