using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>
/// A node without containers: it registers with the API server, keeps its status fresh, and writes for every pod bound to it at once what a kubelet
/// would write in the end, so that any state can be shown in milliseconds. Deleted pods are gone at once.
/// </summary>
public sealed class StandInNode : IAsyncDisposable
{
    private const string Address = "198.18.0.1"; // from the range for tests of network devices: no one's host
    private const int WriterCount = 8;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10); // as a kubelet's; after 40 s of silence the node counts as lost
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ApiClient _api;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Work>[] _writers = [.. Enumerable.Range(0, WriterCount).Select(_ => Channel.CreateUnbounded<Work>())];
    private readonly ConcurrentDictionary<string, Seen> _pods = new();
    private readonly ConcurrentDictionary<Rule, byte> _rules = new();
    private readonly ConcurrentDictionary<string, PodBehaviour> _states = new();
    private int _addresses;
    private Task _work = Task.CompletedTask;

    private StandInNode(ApiClient api, string name) => (_api, Name) = (api, name);

    /// <summary>The node's name.</summary>
    public string Name { get; }

    /// <summary>Registers the node and returns once the scheduler may use it.</summary>
    /// <param name="cluster">The cluster it joins.</param>
    /// <param name="name">The node's name.</param>
    public static async Task<StandInNode> StartAsync(ControlPlane cluster, string name = "stand-in")
    {
        var node = new StandInNode(cluster.CreateClient("kubelet"), name);
        await node.RegisterAsync();
        node._work = Task.WhenAll([node.KeepAliveAsync(), node.WatchAsync(), .. node._writers.Select(w => node.WriteAsync(w.Reader))]);
        return node;
    }

    /// <summary>
    /// Decides how pods fare, those that are there included, until disposed. Of several rules that have an opinion the one made last wins; a pod's
    /// annotation and <see cref="SetStateAsync"/> win over all.
    /// </summary>
    /// <param name="rule">Gives a pod's behaviour, or null to leave it to others.</param>
    public IDisposable Behave(Func<BoundPod, PodBehaviour?> rule)
    {
        var entry = new Rule(rule, this);
        _rules.TryAdd(entry, 0);
        LookAgain();
        return entry;
    }

    /// <summary>Has one pod fare like this from now on; returns when the API server has it.</summary>
    /// <exception cref="ApiException">The pod is not there or the write was refused.</exception>
    /// <exception cref="TimeoutException">The pod was not bound to this node within the usual patience.</exception>
    public async Task SetStateAsync(string ns, string pod, PodBehaviour state)
    {
        var found = await Eventually.That(
            () => Task.FromResult(_pods.Values.FirstOrDefault(p => p.Pod.Namespace == ns && p.Pod.Name == pod)?.Pod),
            bound => bound is not null,
            what: $"pod {ns}/{pod} is bound to {Name}");
        _states[found!.Uid] = state;
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(found.Uid, written);
        await written.Task;
    }

    /// <summary>The pods that are on the node now.</summary>
    public IReadOnlyCollection<BoundPod> Pods => [.. _pods.Values.Select(p => p.Pod)];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _work;
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }

        _api.Dispose();
        _stop.Dispose();
    }

    private async Task RegisterAsync()
    {
        var node = KubeObject.From(Resources.Nodes, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = Name,
                ["labels"] = new JsonObject { ["kubernetes.io/hostname"] = Name, ["kubernetes.io/os"] = "linux" },
            },
        });
        try
        {
            await _api.CreateAsync(node, _stop.Token);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Registered before.
        }

        await SayReadyAsync();
        // New nodes are tainted until the node controller has seen them ready, which takes seconds.
        await _api.JsonPatchAsync(Resources.Nodes, null, Name, new JsonArray(Set("/spec/taints", new JsonArray())), _stop.Token);
    }

    private async Task SayReadyAsync()
    {
        var now = KubeletStatus.Time(DateTimeOffset.UtcNow);
        JsonObject Capacity() => new() { ["cpu"] = "10000", ["memory"] = "100000Gi", ["ephemeral-storage"] = "100000Gi", ["pods"] = "1000000" };
        await _api.JsonPatchAsync(Resources.Nodes, null, Name, new JsonArray(
            Set("/status/capacity", Capacity()),
            Set("/status/allocatable", Capacity()),
            Set("/status/addresses", new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = Address })),
            Set("/status/conditions", new JsonArray(new JsonObject
            {
                ["type"] = "Ready",
                ["status"] = "True",
                ["reason"] = "KubeletReady",
                ["message"] = "kubelet is posting ready status",
                ["lastHeartbeatTime"] = now,
                ["lastTransitionTime"] = now,
            }))), _stop.Token, "status");
    }

    private async Task KeepAliveAsync()
    {
        using var timer = new PeriodicTimer(Heartbeat);
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            try
            {
                await SayReadyAsync();
            }
            catch (Exception e) when (IsOfServer(e))
            {
                // It is away; the next beat says it.
            }
        }
    }

    private async Task WatchAsync()
    {
        var kind = Kinds.Raw(Resources.Pods);
        var scope = new ListScope(FieldSelector: $"spec.nodeName={Name}");
        while (true)
        {
            try
            {
                var version = "";
                var there = new HashSet<string>();
                await foreach (var page in _api.ListAsync(kind, scope, _stop.Token))
                {
                    version = page.ResourceVersion;
                    foreach (var pod in page.Items)
                    {
                        there.Add(pod.Metadata.Uid!);
                        Take(pod);
                    }
                }

                foreach (var gone in _pods.Keys.Where(uid => !there.Contains(uid)))
                    Forget(gone);
                await foreach (var e in _api.WatchAsync(kind, scope, version, _stop.Token))
                {
                    if (e is { Type: WatchEventType.Deleted, Object: { } gone })
                        Forget(gone.Metadata.Uid!);
                    else if (e.Object is { } pod)
                        Take(pod);
                }
            }
            catch (Exception e) when (IsOfServer(e))
            {
                await Task.Delay(Pause, _stop.Token);
            }
        }
    }

    private void Take(KubeObject json)
    {
        var pod = new BoundPod(json);
        _pods.AddOrUpdate(pod.Uid, _ => new Seen(pod, NextAddress()), (_, seen) => seen with { Pod = pod });
        Enqueue(pod.Uid);
    }

    private void Forget(string uid)
    {
        _pods.TryRemove(uid, out _);
        _states.TryRemove(uid, out _);
    }

    /// <summary>One pod is always one writer's, so its writes stay in order.</summary>
    private void Enqueue(string uid, TaskCompletionSource? written = null) =>
        _writers[(uint)uid.GetHashCode(StringComparison.Ordinal) % WriterCount].Writer.TryWrite(new Work(uid, written));

    private void LookAgain()
    {
        foreach (var uid in _pods.Keys)
            Enqueue(uid);
    }

    private async Task WriteAsync(ChannelReader<Work> queue)
    {
        await foreach (var (uid, written) in queue.ReadAllAsync(_stop.Token))
        {
            try
            {
                if (_pods.TryGetValue(uid, out var seen))
                    await SettleAsync(seen);
                written?.TrySetResult();
            }
            catch (ApiException e) when (e.IsNotFound || e.IsConflict || e.IsInvalid)
            {
                written?.TrySetException(e); // gone, or a namesake has its place: the watch tells
            }
            catch (Exception e) when (IsOfServer(e))
            {
                _ = LaterAsync(Pause, uid, written);
            }
        }
    }

    private async Task SettleAsync(Seen seen)
    {
        var pod = seen.Pod;
        if (pod.Object.Metadata.DeletionTimestamp is not null)
        {
            await _api.DeleteAsync(Resources.Pods, pod.Namespace, pod.Name, new DeleteOptions(Uid: pod.Uid, GracePeriodSeconds: 0), _stop.Token);
            return;
        }

        var wanted = BehaviourOf(pod);
        if (wanted is PodBehaviour.Slow slow)
            wanted = Delayed(seen, slow);
        if (Equals(wanted, seen.Written))
            return;

        var operations = new JsonArray(new JsonObject { ["op"] = "test", ["path"] = "/metadata/uid", ["value"] = pod.Uid });
        foreach (var (field, value) in KubeletStatus.For(pod, wanted, seen.Address, Address, DateTimeOffset.UtcNow))
            operations.Add(Set($"/status/{field}", value?.DeepClone()));
        var answer = await _api.JsonPatchAsync(Resources.Pods, pod.Namespace, pod.Name, operations, _stop.Token, "status");
        Note(pod.Uid, now => now with { Written = wanted, Pod = new BoundPod(answer) });
    }

    /// <summary>What a slow pod shows now: creating until its time has come.</summary>
    private PodBehaviour Delayed(Seen seen, PodBehaviour.Slow slow)
    {
        var since = seen.SlowSince ?? DateTimeOffset.UtcNow;
        var rest = since + slow.Delay - DateTimeOffset.UtcNow;
        if (rest <= TimeSpan.Zero)
            return new PodBehaviour.Running();
        Note(seen.Pod.Uid, now => now with { SlowSince = since });
        _ = LaterAsync(rest, seen.Pod.Uid);
        return new PodBehaviour.Creating();
    }

    /// <summary>Changes what is known of a pod, unless it is gone.</summary>
    private void Note(string uid, Func<Seen, Seen> change)
    {
        while (_pods.TryGetValue(uid, out var was) && !_pods.TryUpdate(uid, change(was), was))
        {
            // The watch was faster: once more with what it brought.
        }
    }

    private async Task LaterAsync(TimeSpan delay, string uid, TaskCompletionSource? written = null)
    {
        await Task.Delay(delay, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_stop.IsCancellationRequested)
            Enqueue(uid, written);
    }

    private PodBehaviour BehaviourOf(BoundPod pod)
    {
        if (_states.TryGetValue(pod.Uid, out var state))
            return state;
        if (pod.Annotation(PodBehaviour.Annotation) is { } text)
            return PodBehaviour.TryParse(text) ?? new PodBehaviour.CreateContainerConfigError($"'{text}' is no behaviour of a stand-in pod");
        return _rules.Keys.OrderByDescending(r => r.Number).Select(r => r.Decide(pod)).FirstOrDefault(b => b is not null) ?? new PodBehaviour.Running();
    }

    private string NextAddress()
    {
        var number = Interlocked.Increment(ref _addresses);
        return string.Create(CultureInfo.InvariantCulture, $"198.19.{(number >> 8) & 255}.{number & 255}");
    }

    private static JsonObject Set(string path, JsonNode? value) => new() { ["op"] = "add", ["path"] = path, ["value"] = value };

    private static bool IsOfServer(Exception e) => e is ApiException or HttpRequestException or IOException or InvalidDataException or JsonException or SocketException or TimeoutException
        or OperationCanceledException { CancellationToken.IsCancellationRequested: false };

    private readonly record struct Work(string Uid, TaskCompletionSource? Written);

    /// <param name="Pod">As it was seen last.</param>
    /// <param name="Address">The address it was given.</param>
    /// <param name="Written">How it fares by what was written last.</param>
    /// <param name="SlowSince">When a slow start began.</param>
    private sealed record Seen(BoundPod Pod, string Address, PodBehaviour? Written = null, DateTimeOffset? SlowSince = null);

    private sealed class Rule(Func<BoundPod, PodBehaviour?> decide, StandInNode node) : IDisposable
    {
        private static int s_count;

        public int Number { get; } = Interlocked.Increment(ref s_count);

        public PodBehaviour? Decide(BoundPod pod) => decide(pod);

        public void Dispose()
        {
            node._rules.TryRemove(this, out _);
            node.LookAgain();
        }
    }
}
