using System.Globalization;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What <c>kubectl get pods</c> says: the reason that matters most, not the phase.</summary>
internal static class PodCells
{
    internal static (string Ready, string Status, long Restarts) Of(JsonObject pod)
    {
        var (spec, status) = (pod.Object("spec") ?? [], pod.Object("status") ?? []);
        JsonObject[] starting = [.. status.List("initContainerStatuses")];
        JsonObject[] running = [.. status.List("containerStatuses")];
        var sidecars = spec.List("initContainers").Where(c => c.Text("restartPolicy") == "Always").Select(c => c.Text("name")).ToHashSet(StringComparer.Ordinal);
        var said = status.Text("reason") ?? status.Text("phase") ?? "Unknown";

        // :: Before the containers of the pod come those that prepare it, one after the other.
        var initializing = IsTrue(status, "Initialized") ? null : Initializing(starting, sidecars, spec.List("initContainers").Count());
        var (restarts, ready) = (starting.Sum(Restarts), 0);
        if (initializing is null)
        {
            restarts = starting.Where(s => sidecars.Contains(s.Text("name"))).Concat(running).Sum(Restarts);
            ready = running.Count(r => r.Is("ready") && r.Object("state", "running") is not null);
            said = Reason(running) ?? said;
            // A pod of which one container is done and another works is not done.
            if (said == "Completed" && ready > 0)
                said = IsTrue(status, "Ready") ? "Running" : "NotReady";
        }

        said = initializing ?? said;
        ready += starting.Count(s => sidecars.Contains(s.Text("name")) && s.Is("ready"));
        if (pod["metadata"]?["deletionTimestamp"] is not null && status.Text("phase") is not ("Succeeded" or "Failed"))
            said = status.Text("reason") == "NodeLost" ? "Unknown" : "Terminating";
        return ($"{ready}/{spec.List("containers").Count() + sidecars.Count}", said, restarts);
    }

    /// <summary>How often containers were started again, and when the last time was.</summary>
    internal static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var count = Of(pod).Restarts;
        var last = (pod.Object("status") ?? []).List("containerStatuses").Concat((pod.Object("status") ?? []).List("initContainerStatuses"))
            .Select(s => s.Object("lastState", "terminated")?.Text("finishedAt"))
            .OfType<string>()
            .Select(t => DateTimeOffset.TryParse(t, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : (DateTimeOffset?)null)
            .Max();
        return count > 0 && last is { } when ? $"{count} ({Cells.Duration(now - when)} ago)" : $"{count}";
    }

    /// <summary>How many of the conditions that others set are true.</summary>
    internal static JsonNode? Gates(JsonObject pod)
    {
        string?[] gates = [.. (pod.Object("spec") ?? []).List("readinessGates").Select(g => g.Text("conditionType"))];
        return gates.Length == 0 ? Cells.None : $"{gates.Count(g => g is not null && IsTrue(pod.Object("status") ?? [], g))}/{gates.Length}";
    }

    private static long Restarts(JsonObject status) => status.Whole("restartCount") ?? 0;

    private static bool IsTrue(JsonObject status, string condition) => status.List("conditions").Any(c => c.Text("type") == condition && c.Text("status") == "True");

    private static string? Initializing(JsonObject[] statuses, HashSet<string?> sidecars, int all)
    {
        for (var i = 0; i < statuses.Length; i++)
        {
            var (ended, waits) = (statuses[i].Object("state", "terminated"), statuses[i].Object("state", "waiting")?.Text("reason"));
            if (ended?.Whole("exitCode") == 0 || (sidecars.Contains(statuses[i].Text("name")) && statuses[i].Is("started")))
                continue;
            if (ended is not null)
                return $"Init:{Ended(ended)}";
            return waits is { Length: > 0 } and not "PodInitializing" ? $"Init:{waits}" : $"Init:{i}/{all}";
        }

        return null;
    }

    // The first container speaks for the pod, unless it has nothing to say.
    private static string? Reason(JsonObject[] statuses) => statuses
        .Select(s => s.Object("state", "waiting")?.Text("reason") ?? (s.Object("state", "terminated") is { } ended ? Ended(ended) : null))
        .FirstOrDefault(r => r is { Length: > 0 });

    private static string Ended(JsonObject terminated) =>
        terminated.Text("reason") is { Length: > 0 } reason ? reason
        : terminated.Whole("signal") is { } signal and not 0 ? $"Signal:{signal}"
        : $"ExitCode:{terminated.Whole("exitCode") ?? 0}";
}
