using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>Tells the server, and whoever connects, how one pod fares.</summary>
/// <param name="scene">The pod.</param>
/// <param name="init">Its init containers.</param>
/// <param name="main">Its containers.</param>
internal sealed partial class PodStatusWriter(PodScene scene, IReadOnlyList<ContainerLoop> init, IReadOnlyList<ContainerLoop> main)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _startTime = scene.Node.Time.GetUtcNow();
    private volatile bool _gone;
    private JsonObject? _written;

    private LocalPod Pod => scene.Pod;

    /// <summary>The pod is gone at the server: nothing is to be told.</summary>
    public void Gone() => _gone = true;

    /// <summary>Whether a failure is of the server or of this moment, so that another try may do better.</summary>
    public static bool IsPassing(Exception e) => e is ApiException or HttpRequestException or IOException or TimeoutException or UnauthorizedAccessException or FormatException;

    /// <summary>Writes until stopped, whenever the pod fares differently.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var moved = scene.Moved.Next;
            TellEndpoints();
            if (!await WriteStatusAsync(over))
                moved = Task.CompletedTask;
            // The time after a failed write; otherwise only against the loss of news.
            var pause = moved.IsCompleted ? Task.Delay(Patience, scene.Node.Time, over) : Task.Delay(Timeout.Infinite, over);
            await Task.WhenAny(moved.IsCompleted ? pause : moved, pause);
        }
    }

    /// <summary>Says whether connections may go to the pod: at once, and not over the server.</summary>
    public void TellEndpoints() => scene.Node.Endpoints.Set(new(Pod, scene.Address, scene.Ports,
        Pod.Metadata.DeletionTimestamp is null && PodStatusBuilder.AreReady(main.Select(c => c.Snapshot))));

    /// <summary>Writes the status when it says something new; false when it could not be written.</summary>
    private async Task<bool> WriteStatusAsync(CancellationToken stop)
    {
        if (EarlierStatus.HasEnded(Pod) || _gone)
            return true;
        var now = PodStatusBuilder.Build(
            Pod, _written?["conditions"]?.AsArray(), [.. init.Select(c => c.Snapshot)], [.. main.Select(c => c.Snapshot)], scene.Facts, _startTime, scene.Node.Time.GetUtcNow());
        if (JsonNode.DeepEquals(now, _written))
            return true;
        try
        {
            var operations = new JsonArray(new JsonObject { ["op"] = "test", ["path"] = "/metadata/uid", ["value"] = Pod.Uid });
            if (Pod.Status is not { ValueKind: JsonValueKind.Object })
                operations.Add((JsonNode)Set("/status", new JsonObject()));
            foreach (var (field, value) in now)
            {
                if (_written is null || !JsonNode.DeepEquals(value, _written[field]))
                    operations.Add((JsonNode)Set($"/status/{field}", value?.DeepClone()));
            }

            await scene.Node.Api.JsonPatchAsync(Resources.Pods, Pod.Metadata.Namespace, Pod.Metadata.Name, operations, stop, "status");
            _written = now;
            return true;
        }
        catch (ApiException e) when (e.IsNotFound || e.IsInvalid)
        {
            // Gone, or a namesake has its place: the watch tells. If it is neither, people should know.
            if (e.IsInvalid && !_gone)
                Log.Refused(scene.Node.Logger, Pod, Failures.Describe(e));
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e) when (IsPassing(e))
        {
            if (Failures.Describe(e) is var failure && scene.IsNews(failure))
                Log.NotWritten(scene.Node.Logger, Pod, failure);
            return false;
        }
    }

    /// <summary>Writes how it ended and, as a kubelet does, takes the pod out of the server.</summary>
    public async Task SayGoneAsync(CancellationToken stop)
    {
        while (!_gone && !stop.IsCancellationRequested)
        {
            try
            {
                await WriteStatusAsync(stop);
                await scene.Node.Api.DeleteAsync(
                    Resources.Pods, Pod.Metadata.Namespace, Pod.Metadata.Name, new DeleteOptions(Uid: Pod.Uid, GracePeriodSeconds: 0), stop);
                return;
            }
            catch (ApiException e) when (e.IsNotFound || e.IsConflict)
            {
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsPassing(e))
            {
                if (Failures.Describe(e) is var failure && scene.IsNews(failure))
                    Log.NotWritten(scene.Node.Logger, Pod, failure);
                await Task.Delay(Patience, scene.Node.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static JsonObject Set(string path, JsonNode? value) => new() { ["op"] = "add", ["path"] = path, ["value"] = value };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Pod}: its status cannot be written: {Failure}")]
        public static partial void NotWritten(ILogger logger, LocalPod pod, string failure);

        [LoggerMessage(2, LogLevel.Information, "{Pod}: its status was refused: {Failure}")]
        public static partial void Refused(ILogger logger, LocalPod pod, string failure);
    }
}
