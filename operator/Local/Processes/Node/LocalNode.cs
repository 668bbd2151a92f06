using Fleet.Kubernetes;
using Fleet.Local.ApiServer;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>
/// A node that runs pods as processes of this machine, for any API server. What it starts ends with it, however it ends.
/// </summary>
/// <remarks>
/// <code>
/// API server -> NodeCaches -> PodTable -> PodWorker (a pod) -> ContainerLoop (a container) -> ContainerRun (one run) -> ContainerProcess -> Guard
///                    |                        | EndpointBook (who is ready)
///                    +----------------> ServiceProxies (names and addresses)
/// </code>
/// </remarks>
public sealed class LocalNode : IPodLogs
{
    private readonly ApiClient _api;
    private readonly NodeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _logs;
    private readonly NodeFolders _folders;
    private readonly EndpointBook _endpoints = new();
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile PodTable? _pods;
    private volatile Housekeeping? _housekeeping;

    /// <summary>A node; nothing happens yet.</summary>
    /// <param name="api">The API server; not disposed by this.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it tells of what it cannot do.</param>
    public LocalNode(ApiClient api, NodeOptions options, TimeProvider time, ILoggerFactory logs)
    {
        (_api, _options, _time, _logs) = (api, options, time, logs);
        _folders = new(options.Directory);
        Proxies = new(options.Addresses, _endpoints, options.WantedPorts);
    }

    /// <summary>Where Services are reached.</summary>
    public ServiceProxies Proxies { get; }

    /// <summary>What each pod uses, as of the last second.</summary>
    public IReadOnlyList<PodUsage> Usage => _housekeeping?.Usage ?? [];

    /// <summary>Completes when the server has the node.</summary>
    public Task Registered => _registered.Task;

    /// <summary>The folder in which the logs of pods are: namespace_name_uid/container/run.log.</summary>
    public string LogFolder => _folders.Logs;

    /// <summary>Runs pods until stopped; returns when no process is left.</summary>
    /// <exception cref="IOException">The state folder is in use by another node, or cannot be written.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var folder = _folders.Lock();
        var logger = _logs.CreateLogger("Fleet.Node");

        // :: Step 1 - nothing of a node that was here before us runs on: its guard sees to that, unless it was killed as well.
        await Guard.EndEarlierAsync(_folders.Root, _time, stop);
        await ProcessMark.KillAllAsync(ProcessMark.OfNode(_folders.Root), _time, stop);
        _folders.RemovePods();
        var programs = new ProgramCopies(_folders.Programs);
        programs.RemoveAll();

        using var guard = new Guard(_folders.Root, logger);
        var recorder = new EventRecorder(_api, "fleet.microservices.dev/node", _options.Name, _time, _logs.CreateLogger("Fleet.Events"));
        var pods = new PodTable(
            new()
            {
                Api = _api, Options = _options, Folders = _folders, Guard = guard, Proxies = Proxies, Endpoints = _endpoints,
                Programs = programs, Events = new(recorder), Time = _time, Logger = logger,
            },
            stop);
        var housekeeping = new Housekeeping(pods, programs, _time, logger);
        (_pods, _housekeeping) = (pods, housekeeping);

        // :: Step 2 - listen before the watches begin, Services before pods: a process is told addresses.
        var caches = new NodeCaches(_api, _options, _time, _logs);
        Connect(caches, pods);
        using var queue = new WorkQueue(_time);
        var binding = Task.CompletedTask;
        if (caches.Unbound is { } unbound)
        {
            unbound.Changed += (_, now) => AddIfThere(queue, now);
            var binder = new PodBinder(_api, unbound, _options.Name);
            binding = BindAsync(queue, binder, stop);
        }

        // :: Step 3 - run until stopped, then end every process.
        await Task.WhenAll(
            binding,
            new NodeRegistration(_api, _options, _time, logger).RunAsync(() => _registered.TrySetResult(), stop),
            caches.RunAsync(stop),
            recorder.RunAsync(stop),
            housekeeping.RunAsync(stop),
            EndAsync(pods, stop));
        Proxies.Dispose();
        await ProcessMark.KillAllAsync(ProcessMark.OfNode(_folders.Root), _time, CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(string ns, string pod, LogQuery query, CancellationToken stop)
    {
        var worker = _pods?.Find(ns, pod);
        var container = query.Container ?? worker?.MainContainer;
        var run = worker?.Containers.FirstOrDefault(c => c.Container.Name == container)?.Run;
        if (worker is null || run is null)
            return Task.FromResult<Stream?>(null);
        var path = _folders.Log(worker.Pod, container!, query.Previous ? run.Number - 1 : run.Number);
        return Task.FromResult(File.Exists(path) ? new LogReader(path, query.Previous ? null : run.Log, query, _time.GetUtcNow()).Open(stop) : null);
    }

    private void Connect(NodeCaches caches, PodTable pods)
    {
        caches.Services.Changed += (before, now) => Proxies.Set(ObjectKey.Of((now ?? before)!), now);
        caches.ConfigMaps.Changed += (before, now) => pods.ConfigMoved((now ?? before)!.Metadata.Namespace, new(false, (now ?? before)!.Metadata.Name));
        caches.Secrets.Changed += (before, now) => pods.ConfigMoved((now ?? before)!.Metadata.Namespace, new(true, (now ?? before)!.Metadata.Name));
        caches.ClaimsOfVolumes.Changed += (before, now) => RemoveClaim(before, now);

        // A pod's environment has the addresses of Services: it waits for the first list of them.
        caches.Pods.Changed += (before, now) =>
        {
            if (caches.Services.Settled.IsCompleted)
                pods.Changed(before, now);
            else
                _ = caches.Services.Settled.ContinueWith(_ => pods.Changed(before, now), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        };
    }

    private void RemoveClaim(PartialObject? before, PartialObject? now)
    {
        if (now is not null || before is null || _folders.Claim(before.Metadata.Namespace ?? "", before.Metadata.Name) is not { } folder || !Directory.Exists(folder))
            return;
        Directory.Delete(folder, recursive: true);
    }

    private static void AddIfThere(WorkQueue queue, LocalPod? pod)
    {
        if (pod is not null)
            queue.Add(ObjectKey.Of(pod));
    }

    private async Task BindAsync(WorkQueue queue, PodBinder binder, CancellationToken stop)
    {
        await _registered.Task.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await new Workers(queue, binder.BindAsync, 4, _logs.CreateLogger("Fleet.Workers"), new(), _time).RunAsync(stop);
    }

    private async Task EndAsync(PodTable pods, CancellationToken stop)
    {
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await pods.StopAsync(_options.StopGrace);
    }
}
