using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Unit.Controller;

/// <summary>
/// The whole reconcile path over one app against a <see cref="ClusterServer"/>, in virtual time. What the server stores reaches the caches when the test
/// lets it (<see cref="Deliver"/>), as a watch's events do a moment later.
/// </summary>
internal sealed class Passes : IDisposable
{
    private readonly ApiClient _api;
    private readonly AppReconciler _reconciler;
    private readonly EventRecorder _events;
    private readonly Queue<Action> _news = new();
    private int _changes;

    public Passes(MicroserviceApp app)
        : this(app, new())
    {
    }

    /// <summary>An operator that begins on a cluster as it is.</summary>
    public Passes(MicroserviceApp app, FakeCluster cluster)
    {
        Cluster = cluster;
        Server = new(Cluster, app);
        _api = new(ClusterConfig.At(new Uri("https://cluster.test")), new() { TimeProvider = Time }, _ => Server);
        Caches = new(_api, FakeCluster.Namespace, Time, NullLoggerFactory.Instance, new OperatorMetrics());
        var config = new ConfigReader(_api, new(Caches));
        var answers = new AnswerBook();
        Refusals = new(Time);
        _events = new(new ToldEvents(Told), Keys.Manager, "test", Time, NullLogger.Instance);
        _reconciler = new(
            new(new(Caches), config, answers, Given.Settings, () => ClusterFeatures.Current), new(_api, new(Caches), answers, Refusals), new(_api, new(Caches)),
            _events, config, Refusals, new(Time), new(), Given.Settings, Time);
        foreach (var cache in Caches.AllChildren)
            Fill(cache, Cluster.All.Where(o => o.Resource == cache.Resource && Labelled(o) is not null));
        Fill(Caches.ConfigMaps, Cluster.All.Where(o => o.Resource == Resources.ConfigMaps).Select(o => Identity(o)!));
        Fill(Caches.Secrets!, Cluster.All.Where(o => o.Resource == Resources.Secrets).Select(o => Identity(o)!));
        Fill(Caches.ReplicaSets, Cluster.ReplicaSets);
        Fill(Caches.Pods, Cluster.Pods);
        Fill(Caches.Apps, [app]);
        Cluster.Changed += change =>
        {
            _changes++;
            _news.Enqueue(() => Deliver(change));
        };
        Server.AppChanged += changed => _news.Enqueue(() => Writer(Caches.Apps).Apply(changed));
    }

    public FakeTimeProvider Time { get; } = new(Given.Start);

    public FakeCluster Cluster { get; }

    public ClusterServer Server { get; }

    public AppCaches Caches { get; }

    public RefusalLedger Refusals { get; }

    /// <summary>The events that were written.</summary>
    public List<Event> Told { get; } = [];

    public AppStatus Status => Server.App.Status ?? throw new InvalidOperationException("no status was written yet");

    public string Ready => Status.Conditions.Single(c => c.Type == Conditions.Ready) is var ready ? $"{ready.Status} {ready.Reason}" : "";

    public static ICacheWriter<T> Writer<T>(ObjectCache<T> cache)
        where T : class, IKubeObject => cache;

    /// <summary>One pass, with the caches as they are.</summary>
    public Task<Outcome> PassAsync()
    {
        Cluster.Now = Time.GetUtcNow();
        return _reconciler.ReconcileAsync(new(FakeCluster.Namespace, "shop"), CancellationToken.None);
    }

    /// <summary>The watches show what has happened.</summary>
    public void Deliver()
    {
        while (_news.TryDequeue(out var news))
            news();
        Fill(Caches.ReplicaSets, Cluster.ReplicaSets);
        Fill(Caches.Pods, Cluster.Pods);
    }

    /// <summary>
    /// Passes as the work queue makes them: again when something changed, when a pass asked for it, or after one was thrown; every rollout is completed in
    /// between. Ends when a pass changes nothing and asks for nothing within a minute.
    /// </summary>
    /// <returns>How many passes were thrown.</returns>
    public async Task<int> SettleAsync()
    {
        var thrown = 0;
        for (var passes = 0; passes < 60; passes++)
        {
            var before = (Server.Writes.Count(), _changes);
            Outcome? outcome = null;
            try
            {
                outcome = await PassAsync();
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or TimeoutException or StaleReadException)
            {
                thrown++;
            }

            Cluster.Ready();
            Deliver();
            var quiet = before == (Server.Writes.Count(), _changes);
            switch (outcome)
            {
                case Outcome.RunAgain again:
                    if (again.After > TimeSpan.FromMinutes(1) && quiet)
                        return thrown;
                    Time.Advance(again.After < TimeSpan.FromMinutes(1) ? again.After : TimeSpan.FromSeconds(1));
                    break;
                case Outcome.AllSettled when quiet:
                    return thrown;
                default:
                    Time.Advance(TimeSpan.FromSeconds(1));
                    break;
            }
        }

        throw new InvalidOperationException($"it does not settle; the last requests: {string.Join(", ", Server.Requests.TakeLast(10))}");
    }

    /// <summary>Tells the events that wait.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync()
    {
        using var stop = new CancellationTokenSource();
        var running = _events.RunAsync(stop.Token);
        await stop.CancelAsync();
        await running;
        return [.. Told.Select(e => $"{e.Type} {e.Reason}: {e.Note}")];
    }

    public void Dispose() => _api.Dispose();

    private void Deliver(StoreChange change)
    {
        var (before, now) = change;
        var resource = (now ?? before)!.Resource;
        if (resource == Resources.Secrets || resource == Resources.ConfigMaps)
            Tell(resource == Resources.Secrets ? Caches.Secrets! : Caches.ConfigMaps, Identity(before), Identity(now));
        // The watches of children are by label: one whose label is taken off is shown as deleted.
        if (resource != Resources.Secrets)
            Tell(Caches.Children(resource), Labelled(before), Labelled(now));
    }

    private static void Tell<T>(ObjectCache<T> cache, T? before, T? now)
        where T : class, IKubeObject
    {
        if (now is not null)
            Writer(cache).Apply(now);
        else if (before is not null)
            Writer(cache).Delete(before);
    }

    private static KubeObject? Labelled(KubeObject? obj) => obj?.Metadata.Label(Keys.App) is null ? null : obj;

    private static PartialObject? Identity(KubeObject? obj) => obj is null ? null : new() { Metadata = obj.Metadata };

    private static void Fill<T>(ObjectCache<T> cache, IEnumerable<T> objects)
        where T : class, IKubeObject
    {
        Writer(cache).Init();
        foreach (var obj in objects)
            Writer(cache).InitApply(obj);
        Writer(cache).InitDone("1");
    }
}

/// <summary>A list in place of a server's events.</summary>
internal sealed class ToldEvents(List<Event> told) : IEventStore
{
    public Task CreateAsync(Event e, CancellationToken stop)
    {
        told.Add(e);
        return Task.CompletedTask;
    }

    public Task UpdateSeriesAsync(string ns, string name, EventSeries series, CancellationToken stop) => Task.CompletedTask;
}
