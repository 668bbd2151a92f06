using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>The Node object: made, said to be ready, and kept alive by a lease where the server asks for one.</summary>
internal sealed partial class NodeRegistration(ApiClient api, NodeOptions options, TimeProvider time, ILogger logger)
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int LeaseSeconds = 40;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private bool _leased = true;

    /// <summary>Registers the node, and keeps it alive until stopped.</summary>
    /// <param name="registered">Told when the server has the node.</param>
    /// <param name="stop">Stops.</param>
    public async Task RunAsync(Action registered, CancellationToken stop)
    {
        for (var said = false; !stop.IsCancellationRequested;)
        {
            var pause = Heartbeat;
            try
            {
                if (!said)
                    await RegisterAsync(stop);
                if (_leased)
                    await RenewAsync(stop);
                if (!said)
                    registered();
                said = true;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or TimeoutException)
            {
                Log.NotRegistered(logger, options.Name, Failures.Describe(e));
                pause = Pause;
            }

            await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RegisterAsync(CancellationToken stop)
    {
        var labels = new JsonObject
        {
            ["kubernetes.io/hostname"] = options.Name,
            ["kubernetes.io/os"] = OperatingSystem.IsLinux() ? "linux" : "darwin",
            ["kubernetes.io/arch"] = Architecture,
        };
        var node = new JsonObject { ["metadata"] = new JsonObject { ["name"] = options.Name, ["labels"] = labels } };
        if (!options.IsSchedulable)
            node["spec"] = new JsonObject { ["unschedulable"] = true };
        try
        {
            await api.CreateAsync(KubeObject.From(Resources.Nodes, node), stop);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Registered before.
        }

        await api.JsonPatchAsync(Resources.Nodes, null, options.Name, new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/status", ["value"] = Status() }), stop, "status");
    }

    private JsonObject Status()
    {
        var now = PodStatusBuilder.Time(time.GetUtcNow());
        JsonObject Capacity() => new()
        {
            ["cpu"] = $"{Environment.ProcessorCount}", ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki", ["pods"] = "1000",
        };
        JsonObject Condition(string type, string status, string reason, string message) => new()
        {
            ["type"] = type, ["status"] = status, ["reason"] = reason, ["message"] = message, ["lastHeartbeatTime"] = now, ["lastTransitionTime"] = now,
        };
        return new()
        {
            ["capacity"] = Capacity(),
            ["allocatable"] = Capacity(),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = options.Addresses.Node.ToString() },
                new JsonObject { ["type"] = "Hostname", ["address"] = options.Name }),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "pods run as processes of this machine"),
                Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "pods run as processes of this machine"),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID", "pods run as processes of this machine"),
                Condition("Ready", "True", "KubeletReady", "pods run as processes of this machine")),
            ["nodeInfo"] = new JsonObject
            {
                ["machineID"] = "", ["systemUUID"] = "", ["bootID"] = "", ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
                ["osImage"] = RuntimeInformation.OSDescription, ["containerRuntimeVersion"] = "process://1", ["kubeletVersion"] = "v1.33.0+fleet", ["kubeProxyVersion"] = "",
                ["operatingSystem"] = OperatingSystem.IsLinux() ? "linux" : "darwin", ["architecture"] = Architecture,
            },
        };
    }

    private static string Architecture => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    /// <summary>Renews the lease by which a control plane tells a living node; a server without the namespace for it has nobody who looks.</summary>
    private async Task RenewAsync(CancellationToken stop)
    {
        var lease = new Lease
        {
            Metadata = new() { Name = options.Name, Namespace = LeaseNamespace },
            Spec = new() { HolderIdentity = options.Name, LeaseDurationSeconds = LeaseSeconds, RenewTime = time.GetUtcNow() },
        };
        if (await api.FindAsync(Kinds.Leases, LeaseNamespace, options.Name, stop) is { } before)
        {
            lease = lease with { Metadata = lease.Metadata with { ResourceVersion = before.Metadata.ResourceVersion } };
            await api.ReplaceAsync(Kinds.Leases, LeaseNamespace, options.Name, lease, KubeJson.Default.Lease, stop);
            return;
        }

        try
        {
            await api.CreateAsync(Kinds.Leases, LeaseNamespace, lease, KubeJson.Default.Lease, stop);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            _leased = false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "node {Name} cannot be registered or renewed: {Failure}")]
        public static partial void NotRegistered(ILogger logger, string name, string failure);
    }
}
