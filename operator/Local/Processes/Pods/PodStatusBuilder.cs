using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Processes;

/// <summary>The status of a pod as a kubelet writes it: the same fields, reasons and wording. Pure.</summary>
internal static class PodStatusBuilder
{
    /// <summary>The fields, each to be set as a whole.</summary>
    /// <param name="pod">The pod; conditions of others are kept.</param>
    /// <param name="before">The conditions that we wrote last: their times stay where nothing moved.</param>
    /// <param name="init">Its init containers.</param>
    /// <param name="main">Its containers.</param>
    /// <param name="facts">Its addresses.</param>
    /// <param name="startTime">Since when the node has it.</param>
    /// <param name="now">The time of what moves.</param>
    public static JsonObject Build(
        LocalPod pod, JsonArray? before, IReadOnlyList<ContainerSnapshot> init, IReadOnlyList<ContainerSnapshot> main, PodFacts facts, DateTimeOffset startTime, DateTimeOffset now) => new()
    {
        ["phase"] = Phase(pod.Spec.RestartPolicy, init, main),
        ["conditions"] = Conditions(pod, before, init, main, now),
        ["hostIP"] = facts.NodeAddress,
        ["podIP"] = facts.Address,
        ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = facts.Address }),
        ["startTime"] = Time(startTime),
        ["initContainerStatuses"] = new JsonArray([.. init.Select(Status)]),
        ["containerStatuses"] = new JsonArray([.. main.Select(Status)]),
    };

    /// <summary>A time as Kubernetes writes it: UTC, whole seconds.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whether every container is ready.</summary>
    public static bool AreReady(IEnumerable<ContainerSnapshot> main) => main.All(c => c is { IsReady: true, Life: ContainerLife.Running });

    /// <summary>Rule: kubelet, getPhase.</summary>
    public static string Phase(string policy, IReadOnlyList<ContainerSnapshot> init, IReadOnlyList<ContainerSnapshot> main)
    {
        if (init.Any(c => c.Life is ContainerLife.Ended { ExitCode: not 0 }) && policy == "Never")
            return "Failed";
        if (!init.All(IsDone) || main.Any(c => c is { Life: ContainerLife.Waiting, Last: null }))
            return "Pending";
        if (main.Any(c => c.Life is not ContainerLife.Ended) || policy == "Always")
            return "Running";
        var failed = main.Any(c => c.Life is ContainerLife.Ended { ExitCode: not 0 });
        return !failed ? "Succeeded" : policy == "Never" ? "Failed" : "Running";
    }

    private static bool IsDone(ContainerSnapshot init) => init.Life is ContainerLife.Ended { ExitCode: 0 } || init is { IsStarted: true, Life: ContainerLife.Running };

    private static JsonArray Conditions(LocalPod pod, JsonArray? before, IReadOnlyList<ContainerSnapshot> init, IReadOnlyList<ContainerSnapshot> main, DateTimeOffset now)
    {
        List<JsonObject> stored = pod.Status is { ValueKind: JsonValueKind.Object } status && status.TryGetProperty("conditions", out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(c => c.ValueKind == JsonValueKind.Object).Select(c => JsonObject.Create(c.Clone())!)] : [];
        List<JsonObject> old = before is null ? stored : [.. before.Select(c => (JsonObject)c!)];
        var waiting = init.Where(c => !IsDone(c)).Select(c => c.Name).ToList();
        var unready = main.Where(c => c is not { IsReady: true, Life: ContainerLife.Running }).Select(c => c.Name).ToList();
        var completed = unready.Count > 0 && Phase(pod.Spec.RestartPolicy, init, main) is "Succeeded";
        var gate = pod.Spec.ReadinessGates?.FirstOrDefault(g => !stored.Any(c => (string?)c["type"] == g.ConditionType && (string?)c["status"] == "True"));
        JsonObject[] ours =
        [
            Next("PodScheduled", true),
            Next("Initialized", waiting.Count == 0, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', waiting)}]"),
            Ready("ContainersReady"),
            unready.Count == 0 && gate is not null
                ? Next("Ready", false, "ReadinessGatesNotReady", $"corresponding condition of pod readiness gate \"{gate.ConditionType}\" does not exist.")
                : Ready("Ready"),
        ];
        return new JsonArray([.. ours, .. stored.Where(o => ours.All(c => (string?)c["type"] != (string?)o["type"])).Select(o => o.DeepClone())]);

        JsonObject Ready(string type) => Next(
            type, unready.Count == 0, completed ? "PodCompleted" : "ContainersNotReady", completed ? null : $"containers with unready status: [{string.Join(' ', unready)}]");

        JsonObject Next(string type, bool holds, string? reason = null, string? message = null)
        {
            var word = holds ? "True" : "False";
            var was = old.Find(c => (string?)c["type"] == type && (string?)c["status"] == word);
            var condition = new JsonObject
            {
                ["type"] = type, ["status"] = word, ["lastProbeTime"] = null, ["lastTransitionTime"] = (string?)was?["lastTransitionTime"] ?? Time(now),
            };
            if (!holds && reason is not null)
                condition["reason"] = reason;
            if (!holds && message is not null)
                condition["message"] = message;
            return condition;
        }
    }

    private static JsonObject Status(ContainerSnapshot container)
    {
        var status = new JsonObject
        {
            ["name"] = container.Name,
            ["image"] = container.Image,
            ["imageID"] = "",
            ["ready"] = container.IsReady,
            ["started"] = container.IsStarted,
            ["restartCount"] = container.Restarts,
            ["state"] = State(container, container.Life),
            ["lastState"] = container.Last is { } last && !ReferenceEquals(last, container.Life) ? State(container, last) : new JsonObject(),
        };
        if (container.Id is { } id)
            status["containerID"] = id;
        return status;
    }

    private static JsonObject State(ContainerSnapshot container, ContainerLife life) => life switch
    {
        ContainerLife.Running running => new() { ["running"] = new JsonObject { ["startedAt"] = Time(running.StartedAt) } },
        ContainerLife.Ended ended => new() { ["terminated"] = Terminated(container, ended) },
        ContainerLife.Waiting { Message: { } message } waiting => new() { ["waiting"] = new JsonObject { ["reason"] = waiting.Reason, ["message"] = message } },
        ContainerLife.Waiting waiting => new() { ["waiting"] = new JsonObject { ["reason"] = waiting.Reason } },
        _ => [],
    };

    private static JsonObject Terminated(ContainerSnapshot container, ContainerLife.Ended ended)
    {
        var terminated = new JsonObject
        {
            ["exitCode"] = ended.ExitCode, ["reason"] = ended.Reason, ["startedAt"] = Time(ended.StartedAt), ["finishedAt"] = Time(ended.FinishedAt),
        };
        if (ended.Message is { Length: > 0 } message)
            terminated["message"] = message;
        if (container.Id is { } id)
            terminated["containerID"] = id;
        return terminated;
    }
}
