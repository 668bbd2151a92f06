using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>Runs one pod from the moment the node has it until it is gone at the server.</summary>
internal sealed partial class PodWorker : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly PodScene _scene;
    private readonly NodeContext _node;
    private readonly IReadOnlyList<ContainerLoop> _init;
    private readonly IReadOnlyList<ContainerLoop> _main;
    private readonly PodStatusWriter _status;

    /// <summary>A worker for a pod; nothing runs yet.</summary>
    public PodWorker(LocalPod pod, NodeContext node)
    {
        (_node, _scene) = (node, new PodScene(pod, node));
        _init = [.. pod.Spec.InitContainers.Select(c => Loop(c, isInit: true))];
        _main = [.. pod.Spec.Containers.Select(c => Loop(c, isInit: false))];
        _status = new(_scene, _init, _main);
        Observe(pod);
    }

    /// <summary>The pod as it was last seen.</summary>
    public LocalPod Pod => _scene.Pod;

    /// <summary>Its containers, init containers first.</summary>
    public IEnumerable<ContainerLoop> Containers => _init.Concat(_main);

    /// <summary>The container that is meant when none is named.</summary>
    public string MainContainer => Pod.Metadata.Annotations?.GetValueOrDefault("kubectl.kubernetes.io/default-container") ?? Pod.Spec.Containers[0].Name;

    /// <summary>The pod has changed at the server.</summary>
    public void Observe(LocalPod pod)
    {
        _scene.Pod = pod;
        if (pod.Metadata.DeletionTimestamp is not null)
            _scene.Ending.Begin(TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? pod.Spec.TerminationGracePeriodSeconds ?? 30), hooks: true);
        _status.TellEndpoints();
        _scene.News.Beat();
    }

    /// <summary>The pod is gone at the server: there is nothing to wait for.</summary>
    public void Gone()
    {
        _status.Gone();
        _scene.Ending.Force();
    }

    /// <summary>The node ends.</summary>
    public void Stop(TimeSpan grace) => _scene.Ending.Begin(grace, hooks: false);

    /// <summary>Something that the pod may refer to has changed.</summary>
    public void ConfigMoved(ConfigSource source)
    {
        if (ConfigSource.Of(Pod).Contains(source))
            _scene.News.Beat();
    }

    /// <summary>Runs the pod; returns when its processes have ended, its folders are gone, and the server knows.</summary>
    /// <param name="stop">The node ends: the server is told nothing any more.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] beside = [_status.RunAsync(over.Token), KeepVolumesAsync(over.Token)];
        try
        {
            await LiveAsync();
            if (!_scene.Ending.HasBegun)
                await Task.Delay(Timeout.Infinite, _scene.Ending.Begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(beside);
            _node.Endpoints.Remove(Pod.Uid);
        }

        if (!stop.IsCancellationRequested)
            await _status.SayGoneAsync(stop);
        if (!stop.IsCancellationRequested)
            RemoveFolders();
    }

    /// <inheritdoc/>
    public void Dispose() => _scene.Dispose();

    private async Task LiveAsync()
    {
        if (EarlierStatus.HasEnded(Pod) || !await MountAsync())
            return;
        var sidecars = new List<Task>();
        foreach (var init in _init)
        {
            if (init.IsSidecar)
            {
                sidecars.Add(init.RunAsync());
                while (!init.Snapshot.IsStarted && await _scene.WaitAsync(_scene.Moved.Next, Patience))
                {
                    // The next one may rely on it.
                }
            }
            else if (!await init.RunAsync())
            {
                return;
            }
        }

        await Task.WhenAll([.. sidecars, .. _main.Select(c => c.RunAsync())]);
    }

    /// <summary>Makes the volumes; false when the pod ends before.</summary>
    private async Task<bool> MountAsync()
    {
        while (!_scene.Ending.HasBegun)
        {
            var news = _scene.News.Next;
            try
            {
                await RequireClaimsAsync();
                _scene.Volumes.Write(await _node.ReadAsync(Pod.Metadata.Namespace!, ConfigSource.OfVolumes(Pod.Spec.Volumes), _scene.Ending.Begun));
                return true;
            }
            catch (ConfigErrorException e)
            {
                _node.Events.Warning(Pod, "FailedMount", e.Message);
            }
            catch (OperationCanceledException) when (_scene.Ending.HasBegun)
            {
                return false;
            }
            catch (Exception e) when (PodStatusWriter.IsPassing(e))
            {
                if (Failures.Describe(e) is var failure && _scene.IsNews(failure))
                    Log.NotMounted(_node.Logger, Pod, failure);
            }

            await _scene.WaitAsync(news, Patience);
        }

        return false;
    }

    private async Task RequireClaimsAsync()
    {
        foreach (var claim in Pod.Spec.Volumes.Select(v => v.PersistentVolumeClaim?.ClaimName).OfType<string>().Distinct())
        {
            if (await _node.Api.FindAsync(Kinds.Raw(NodeKinds.Claims), Pod.Metadata.Namespace, claim, _scene.Ending.Begun) is not { } found)
                throw new ConfigErrorException($"persistentvolumeclaim \"{claim}\" not found");
            if (_node.Options.BindsClaims)
                await Claims.BindAsync(_node.Api, found, _scene.Ending.Begun);
        }
    }

    private async Task KeepVolumesAsync(CancellationToken over)
    {
        var sources = ConfigSource.OfVolumes(Pod.Spec.Volumes).ToList();
        var volatiles = sources.Count > 0 || Pod.Spec.Volumes.Any(VolumeFiles.Writes);
        while (volatiles && !over.IsCancellationRequested)
        {
            var news = _scene.News.Next;
            await Task.WhenAny(news, Task.Delay(Timeout.Infinite, over));
            if (over.IsCancellationRequested || _scene.Ending.HasBegun)
                return;
            try
            {
                _scene.Volumes.Write(await _node.ReadAsync(Pod.Metadata.Namespace!, sources, over));
            }
            catch (ConfigErrorException)
            {
                // It was deleted, or made unusable: what is mounted stays as it was.
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (PodStatusWriter.IsPassing(e))
            {
                if (Failures.Describe(e) is var failure && _scene.IsNews(failure))
                    Log.NotMounted(_node.Logger, Pod, failure);
                await Task.Delay(Patience, _node.Time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _scene.News.Beat();
            }
        }
    }

    private void RemoveFolders()
    {
        try
        {
            _node.Folders.Remove(Pod);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotRemoved(_node.Logger, Pod, Failures.Describe(e)); // the next start of the node does
        }
    }

    private ContainerLoop Loop(Container container, bool isInit)
    {
        var loop = new ContainerLoop(_scene, container.Name, isInit);
        loop.Begin(EarlierStatus.Of(Pod, container, isInit, _node.Time.GetUtcNow()));
        return loop;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Pod}: its volumes cannot be written: {Failure}")]
        public static partial void NotMounted(ILogger logger, LocalPod pod, string failure);

        [LoggerMessage(2, LogLevel.Warning, "{Pod}: its folders cannot be removed: {Failure}")]
        public static partial void NotRemoved(ILogger logger, LocalPod pod, string failure);
    }
}
