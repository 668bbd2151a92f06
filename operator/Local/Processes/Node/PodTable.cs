using System.Collections.Concurrent;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>The pods that run on the node, each by a worker of its own.</summary>
internal sealed partial class PodTable(NodeContext node, CancellationToken stop)
{
    private readonly ConcurrentDictionary<string, (PodWorker Worker, Task Running)> _workers = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Those that are there now.</summary>
    public IEnumerable<PodWorker> Workers => _workers.Values.Select(w => w.Worker);

    /// <summary>The one of this name; of two the younger.</summary>
    public PodWorker? Find(string ns, string name) => Workers.Where(w => w.Pod.Metadata.Namespace == ns && w.Pod.Metadata.Name == name)
        .MaxBy(w => w.Pod.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue);

    /// <summary>The server's pod came, changed or, when now is null, has gone.</summary>
    public void Changed(LocalPod? before, LocalPod? now)
    {
        if (before is not null && before.Uid != now?.Uid && _workers.TryGetValue(before.Uid, out var gone))
            gone.Worker.Gone();
        if (now is null)
            return;
        lock (_gate)
        {
            if (_workers.TryGetValue(now.Uid, out var there))
            {
                there.Worker.Observe(now);
                return;
            }

            if (stop.IsCancellationRequested)
                return;
            var worker = new PodWorker(now, node);
            _workers[now.Uid] = (worker, Task.Run(() => RunAsync(worker), CancellationToken.None));
        }
    }

    /// <summary>A ConfigMap or Secret has changed.</summary>
    public void ConfigMoved(string? ns, ConfigSource source)
    {
        foreach (var worker in Workers.Where(w => w.Pod.Metadata.Namespace == ns))
            worker.ConfigMoved(source);
    }

    /// <summary>Ends all; returns when nothing of them runs.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Task[] running;
        lock (_gate)
            running = [.. _workers.Values.Select(w => w.Running)];
        foreach (var worker in Workers)
            worker.Stop(grace);
        await Task.WhenAll(running);
    }

    private async Task RunAsync(PodWorker worker)
    {
        try
        {
            await worker.RunAsync(stop);
        }
#pragma warning disable CA1031 // one pod's fault must not cost the others their node
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.Failed(node.Logger, worker.Pod, Failures.Describe(e), e);
        }
        finally
        {
            lock (_gate)
                _workers.TryRemove(worker.Pod.Uid, out _);
            worker.Dispose();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Pod}: it is no longer run: {Failure}")]
        public static partial void Failed(ILogger logger, LocalPod pod, string failure, Exception e);
    }
}
