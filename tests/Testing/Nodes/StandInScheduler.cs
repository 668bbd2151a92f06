using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>Gives every pod that waits for a node to the first node that suits it, where no kube-scheduler runs.</summary>
internal sealed class StandInScheduler : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _api;
    private readonly Task _work;

    /// <summary>Starts it.</summary>
    public StandInScheduler(string kubeconfig)
    {
        _api = new(ClusterConfig.Load(kubeconfig), new ApiClientOptions { UserAgent = "stand-in-scheduler", FieldManager = "stand-in-scheduler" });
        _work = RunAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _api.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var change in _api.WatchAsync(Kinds.Raw(Resources.Pods), new ListScope(FieldSelector: "spec.nodeName="), "", _stop.Token))
                {
                    if (change is { Type: WatchEventType.Added, Object: { Metadata.DeletionTimestamp: null } pod } && Text(pod.Part("spec"), "schedulerName") == "default-scheduler")
                        await PlaceAsync(pod);
                }
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or InvalidDataException or TimeoutException or JsonException)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                // Stopped, or a request was given up.
            }
        }
    }

    private async Task PlaceAsync(KubeObject pod)
    {
        try
        {
            var nodes = new List<KubeObject>();
            await foreach (var page in _api.ListAsync(Kinds.Raw(Resources.Nodes), new ListScope(), _stop.Token))
                nodes.AddRange(page.Items);
            if (nodes.FirstOrDefault(node => Suits(node, pod)) is { } found)
                await _api.BindAsync(pod.Metadata, found.Metadata.Name, _stop.Token);
            else
                await RefuseAsync(pod, nodes.Count);
        }
        catch (ApiException)
        {
            // Gone, or given to a node, meanwhile; and a pod that is refused must not keep the others from their nodes.
        }
    }

    private Task RefuseAsync(KubeObject pod, int nodes)
    {
        var condition = new JsonObject
        {
            ["type"] = "PodScheduled", ["status"] = "False", ["reason"] = "Unschedulable", ["lastTransitionTime"] = KubeletStatus.Time(DateTimeOffset.UtcNow),
            ["message"] = $"0/{nodes} nodes are available: {nodes} node(s) didn't match Pod's node affinity/selector.",
        };
        var patch = new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/status/conditions", ["value"] = new JsonArray(condition) });
        return _api.JsonPatchAsync(Resources.Pods, pod.Metadata.Namespace, pod.Metadata.Name, patch, _stop.Token, "status");
    }

    private static bool Suits(KubeObject node, KubeObject pod) =>
        !pod.Part("spec").TryGetProperty("nodeSelector", out var wanted) || wanted.EnumerateObject().All(w => node.Metadata.Label(w.Name) == w.Value.GetString());

    private static string? Text(JsonElement element, string field) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(field, out var value) ? value.GetString() : null;
}
