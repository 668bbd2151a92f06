using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>The status that a kubelet writes for a pod that fares in a given way: the same fields, reasons and wording.</summary>
internal static class KubeletStatus
{
    /// <summary>The fields of a Pod's status, each to be set as a whole.</summary>
    /// <param name="pod">The pod as it is; conditions of others and times that have not moved are kept.</param>
    /// <param name="behaviour">How it fares; <see cref="PodBehaviour.Slow"/> counts as still creating.</param>
    /// <param name="address">The pod's address.</param>
    /// <param name="node">The node's address.</param>
    /// <param name="now">The time of what changes.</param>
    public static JsonObject For(BoundPod pod, PodBehaviour behaviour, string address, string node, DateTimeOffset now)
    {
        var time = Time(now);
        var runs = behaviour is PodBehaviour.Running or PodBehaviour.NotReady or PodBehaviour.CrashLoopBackOff;
        var ready = behaviour is PodBehaviour.Running;
        var started = pod.Object.Part("status") is { ValueKind: JsonValueKind.Object } old && old.TryGetProperty("startTime", out var first) ? first.GetString() : time;
        return new JsonObject
        {
            ["phase"] = runs ? "Running" : "Pending",
            ["conditions"] = Conditions(pod, ready, time),
            ["hostIP"] = node,
            ["podIP"] = address,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address }),
            ["startTime"] = started,
            ["initContainerStatuses"] = new JsonArray([.. pod.InitContainers.Select(c => InitContainer(pod, c, time))]),
            ["containerStatuses"] = new JsonArray([.. pod.Containers.Select(c => Container(pod, c, behaviour, time))]),
        };
    }

    /// <summary>A time as Kubernetes writes it: UTC, whole seconds.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static JsonArray Conditions(BoundPod pod, bool ready, string time)
    {
        List<JsonElement> old = pod.Object.Part("status") is { ValueKind: JsonValueKind.Object } status && status.TryGetProperty("conditions", out var list)
            ? [.. list.EnumerateArray()]
            : [];
        var unready = $"containers with unready status: [{string.Join(' ', pod.Containers.Select(c => c.Name))}]";
        JsonObject[] ours = [Next("Initialized", true), Next("Ready", ready), Next("ContainersReady", ready), Next("PodScheduled", true)];
        var foreign = old.Where(o => ours.All(c => (string)c["type"]! != TypeOf(o))).Select(o => JsonObject.Create(o));
        return new JsonArray([.. ours, .. foreign]);

        JsonObject Next(string type, bool holds)
        {
            var word = holds ? "True" : "False";
            var was = old.FirstOrDefault(c => TypeOf(c) == type);
            var moved = was.ValueKind != JsonValueKind.Object || was.GetProperty("status").GetString() != word;
            var condition = new JsonObject
            {
                ["type"] = type,
                ["status"] = word,
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = moved || !was.TryGetProperty("lastTransitionTime", out var since) ? time : since.GetString(),
            };
            if (!holds)
                (condition["reason"], condition["message"]) = ("ContainersNotReady", unready);
            return condition;
        }
    }

    private static string? TypeOf(JsonElement condition) => condition.GetProperty("type").GetString();

    private static JsonObject Container(BoundPod pod, PodContainer container, PodBehaviour behaviour, string time)
    {
        var status = Frame(pod, container);
        switch (behaviour)
        {
            case PodBehaviour.Running or PodBehaviour.NotReady:
                (status["ready"], status["started"]) = (behaviour is PodBehaviour.Running, true);
                status["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = time } };
                break;
            case PodBehaviour.CrashLoopBackOff crash:
                status["restartCount"] = 3;
                status["lastState"] = new JsonObject { ["terminated"] = Terminated(pod, container, crash.ExitCode, crash.Reason, time) };
                status["state"] = Waiting("CrashLoopBackOff", $"back-off 40s restarting failed container={container.Name} pod={pod.Name}_{pod.Namespace}({pod.Uid})");
                break;
            case PodBehaviour.ImagePullBackOff:
                NotCreated(status);
                status["state"] = Waiting("ImagePullBackOff", $"Back-off pulling image \"{container.Image}\"");
                break;
            case PodBehaviour.CreateContainerConfigError missing:
                NotCreated(status);
                status["state"] = Waiting("CreateContainerConfigError", missing.Message);
                break;
            case PodBehaviour.RunsAsRoot:
                NotCreated(status);
                status["state"] = Waiting(
                    "CreateContainerConfigError",
                    $"container has runAsNonRoot and image will run as root (pod: \"{pod.Name}_{pod.Namespace}({pod.Uid})\", container: {container.Name})");
                break;
            default:
                NotCreated(status);
                status["state"] = Waiting("ContainerCreating", null);
                break;
        }

        return status;
    }

    private static JsonObject InitContainer(BoundPod pod, PodContainer container, string time)
    {
        var status = Frame(pod, container);
        status["ready"] = true;
        if (container.IsSidecar)
            (status["started"], status["state"]) = (true, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = time } });
        else
            status["state"] = new JsonObject { ["terminated"] = Terminated(pod, container, 0, "Completed", time) };
        return status;
    }

    private static JsonObject Frame(BoundPod pod, PodContainer container) => new()
    {
        ["name"] = container.Name,
        ["image"] = container.Image,
        ["imageID"] = $"stand-in://{container.Image}",
        ["containerID"] = ContainerId(pod, container),
        ["ready"] = false,
        ["started"] = false,
        ["restartCount"] = 0,
        ["lastState"] = new JsonObject(),
    };

    private static void NotCreated(JsonObject status)
    {
        status["imageID"] = "";
        status.Remove("containerID");
    }

    private static string ContainerId(BoundPod pod, PodContainer container) => $"stand-in://{pod.Uid}/{container.Name}";

    private static JsonObject Waiting(string reason, string? message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
            waiting["message"] = message;
        return new JsonObject { ["waiting"] = waiting };
    }

    private static JsonObject Terminated(BoundPod pod, PodContainer container, int exitCode, string reason, string time) => new()
    {
        ["containerID"] = ContainerId(pod, container),
        ["exitCode"] = exitCode,
        ["reason"] = reason,
        ["startedAt"] = time,
        ["finishedAt"] = time,
    };
}
