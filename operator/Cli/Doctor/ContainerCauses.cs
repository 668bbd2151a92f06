using System.Globalization;
using System.Text.Json;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Containers that end, or run and do not answer.</summary>
internal static class ContainerCauses
{
    /// <summary>A container ends again and again: how it ended decides what to look at.</summary>
    internal static Finding Crash(Facts facts, Finding general)
    {
        if (Suffering(facts, general.Subject, c => !c.Ready && (c.RestartCount > 0 || c.State?.Waiting is not null || c.State?.Terminated is not null)) is not var (pod, container))
            return general;
        var path = Facts.PathOf(general.Subject);
        var ended = container.State?.Terminated ?? container.LastState?.Terminated;
        var logs = $"{facts.Kubectl} logs {pod.Metadata.Name} -c {container.Name} --previous --tail=50";
        if (facts.Warnings(pod).FirstOrDefault(e => e.Reason == "Unhealthy" && e.Note.StartsWith("Liveness", StringComparison.OrdinalIgnoreCase)) is { } liveness)
        {
            return general with
            {
                Cause = $"its liveness probe fails, and the kubelet restarts it: {liveness.Note}",
                Next = $"make it answer {Described(Probe(pod, container.Name, "livenessProbe"), pod, container.Name)}; its last lines: {logs}",
            };
        }

        var finding = general with { Because = [.. Last(ended), .. general.Because] };
        return ended switch
        {
            { Reason: "OOMKilled" } => finding with { Next = $"raise {path}.resources.limits.memory{Now(pod, container.Name, "limits", "memory")}, or find the leak: {logs}" },
            { Reason: "StartError" or "ContainerCannotRun" } or { ExitCode: 126 or 127 } => finding with { Next = $"correct {path}.command and args: what they name is not in the image or may not be run; {logs}" },
            { ExitCode: 0 } => finding with { Next = $"a service has to go on running: correct {path}.command and args; its last lines: {logs}" },
            null when container.State?.Waiting?.Reason is "CreateContainerError" or "RunContainerError" or "PostStartHookError" =>
                finding with { Next = $"correct {path}.command and args: {container.State.Waiting.Message ?? $"{facts.Kubectl} describe pod {pod.Metadata.Name} tells more"}" },
            _ => finding with { Next = $"read its last lines: {logs}" },
        };
    }

    /// <summary>A container runs and a probe does not pass: which probe, where it asks, and what it was answered.</summary>
    internal static Finding Probe(Facts facts, Finding general)
    {
        if (Suffering(facts, general.Subject, c => !c.Ready && c.State?.Running is not null) is not var (pod, container))
            return general;
        var kind = container.Started == true ? "readinessProbe" : "startupProbe";
        var probe = Probe(pod, container.Name, kind);
        var (what, path) = (Described(probe, pod, container.Name), Facts.PathOf(general.Subject));
        var answer = facts.Warnings(pod).FirstOrDefault(e => e.Reason == "Unhealthy")?.Note ?? "";
        var logs = $"{facts.Kubectl} logs {pod.Metadata.Name} -c {container.Name} --tail=50";
        var next = answer switch
        {
            _ when answer.Contains("statuscode: 404", StringComparison.Ordinal) => $"set {path}.probes.path to a path that answers 200; now {what} is asked",
            _ when answer.Contains("connection refused", StringComparison.Ordinal) => $"let it listen where it is asked, {what}, or set {path}.targetPort to the port it listens on; its log: {logs}",
            _ => $"make it answer {what}, or correct {path}.probes; its log: {logs}",
        };
        return general with { Cause = $"its {kind} does not pass: {what}", Next = next };
    }

    /// <summary>What a probe asks: <c>HTTP GET /healthz on port 8081</c>.</summary>
    internal static string Described(JsonElement probe, KubeObject pod, string container) => probe switch
    {
        _ when probe.At("httpGet") is { ValueKind: JsonValueKind.Object } get => $"{get.Text("scheme") ?? "HTTP"} GET {get.Text("path") ?? "/"} on port {Port(get, pod, container)}",
        _ when probe.At("grpc") is { ValueKind: JsonValueKind.Object } grpc => $"grpc.health.v1.Health/Check on port {Port(grpc, pod, container)}{(grpc.Text("service") is { Length: > 0 } service ? $" of {service}" : "")}",
        _ when probe.At("tcpSocket") is { ValueKind: JsonValueKind.Object } tcp => $"TCP on port {Port(tcp, pod, container)}",
        _ when probe.At("exec") is { ValueKind: JsonValueKind.Object } exec => $"command {string.Join(' ', exec.Each("command").Select(c => c.GetString()))}",
        _ => "its probe",
    };

    // A port may be named, and the name leads to nothing when one reads it in a message.
    private static string Port(JsonElement action, KubeObject pod, string container)
    {
        if (action.Number("port") is { } number)
            return number.ToString(CultureInfo.InvariantCulture);
        var name = action.Text("port");
        var port = Container(pod, container).Each("ports").FirstOrDefault(p => p.Text("name") == name).Number("containerPort");
        return port is null ? name ?? "" : $"{port} ({name})";
    }

    private static JsonElement Container(KubeObject pod, string name) => pod.Json.Each("spec", "containers").FirstOrDefault(c => c.Text("name") == name);

    private static JsonElement Probe(KubeObject pod, string container, string kind) => Container(pod, container).At(kind);

    private static string Now(KubeObject pod, string container, string kind, string resource) => Container(pod, container).Text("resources", kind, resource) is { } now ? $" above {now}" : "";

    private static string[] Last(ContainerStateTerminated? ended) => ended?.Message?.Trim() is { Length: > 0 } words ? [$"it left: {words}"] : [];

    private static (KubeObject Pod, ContainerStatus Container)? Suffering(Facts facts, string service, Func<ContainerStatus, bool> suffers)
    {
        foreach (var pod in facts.PodsOf(service))
        {
            var status = PodState.Typed(pod).Status;
            if ((status.InitContainerStatuses ?? []).Where(c => c.State?.Terminated?.ExitCode != 0).Concat(status.ContainerStatuses ?? []).FirstOrDefault(suffers) is { } container)
                return (pod, container);
        }

        return null;
    }
}
