using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>How one operator process runs.</summary>
public sealed record OperatorOptions
{
    /// <summary>The registry and tag of the bundled images.</summary>
    public required OperatorSettings Settings { get; init; }

    /// <summary>The namespaces whose apps are run; empty for all.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];

    /// <summary>Whether Secrets may be read. Without, a change of one rolls nothing, and a missing one is told by the pods.</summary>
    public bool Secrets { get; init; } = true;

    /// <summary>Whether it must hold the lease to work; without it nobody else may run.</summary>
    public bool LeaderElect { get; init; } = true;

    /// <summary>The namespace of the lease.</summary>
    public required string LeaseNamespace { get; init; }

    /// <summary>Who we are in the lease and in Events; unique to this process.</summary>
    public required string Identity { get; init; }

    /// <summary>How many apps are worked on at once.</summary>
    public int Workers { get; init; } = 8;

    /// <summary>The port of health and metrics; 0 chooses a free one.</summary>
    public int HealthPort { get; init; } = 8081;

    /// <summary>How apps are judged before they are stored; null for not at all.</summary>
    public AdmissionOptions? Admission { get; init; }
}

/// <summary>Puts the parts together and runs them until stopped.</summary>
public sealed partial class OperatorHost(ClusterConfig cluster, OperatorOptions options, TimeProvider time, ILoggerFactory logs)
{
    /// <summary>The lease by which several operators agree on one.</summary>
    public const string LeaseName = "fleet-operator";

    // Ends well before another could take the lease over (15 s after the last renewal, which is at most 10 s old while we lead).
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(4.5);

    // Enough to keep an API server of two cores busy; more would only queue inside it and time out.
    private const int MaxConcurrency = 16;

    private static readonly Resource Crds = Resources.CustomResourceDefinitions;

    private readonly ILogger _logger = logs.CreateLogger("Fleet.Operator");

    /// <summary>Runs until stopped; returns false when the lease was lost, after which the process must end.</summary>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var metrics = new OperatorMetrics();
        using var api = new ApiClient(cluster, new() { TimeProvider = time, RequestTimeout = RequestTimeout, MaxConcurrency = MaxConcurrency, OnCall = metrics.Called });
        using var queue = new WorkQueue(time);
        metrics.Observe(queue);
        var facts = new ClusterFacts(api, time, _logger);
        var caches = WatchedNamespaces.Of(api, options.WatchNamespaces, new(options.Secrets, options.Settings.GatewayRbac), time, logs, metrics);
        await using var leadership = new Leadership(
            api, options.LeaseNamespace, LeaseName, options.Identity, time, logs.CreateLogger("Fleet.Leadership"));
        metrics.ObserveLeader(() => !options.LeaderElect || leadership.IsLeader);
        var events = new EventRecorder(api, Keys.Manager, options.Identity, time, logs.CreateLogger("Fleet.Events"), metrics);
        var schema = new CrdSchemaCheck(events, options.LeaseNamespace, logs.CreateLogger("Fleet.Operator"));
        metrics.ObserveCrdSchema(() => schema.Installed, Crd.SchemaNumber);
        await using var admission = options.Admission is { } webhook
            ? new AdmissionHost(
                api, webhook, options.Settings, options.WatchNamespaces, () => !options.LeaderElect || leadership.IsLeader, time, metrics, logs.CreateLogger("Fleet.Admission"))
            : null;
        await using var health = new HealthServer(options.HealthPort, () => Ready(facts, caches, schema, admission), metrics);
        await health.StartAsync(stop);
        Log.Listening(_logger, health.Port);
        if (admission is not null)
            await admission.StartAsync(stop);

        var config = new ConfigReader(api, caches);
        foreach (var set in caches.Sets)
            KeyMap.Connect(set, config, queue.Add);

        // Caches run warm before the lease is held, so that a successor starts at once.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, leadership.Lost);
        Task[] background =
        [
            facts.RunAsync(ending.Token), caches.RunAsync(ending.Token), WatchCrdsAsync(api, caches, schema, metrics, ending.Token), admission?.RunAsync(ending.Token) ?? Task.CompletedTask,
            new IdleHeap(time).RunAsync(ending.Token),
        ];
        var telling = Task.CompletedTask;
        try
        {
            var leads = !options.LeaderElect || await leadership.AcquireAsync(ending.Token);
            if (leads)
            {
                await Task.WhenAll([facts.Known, .. caches.All.Select(c => c.Settled)]).WaitAsync(ending.Token);
                telling = events.RunAsync(ending.Token);
                // A process that was frozen goes on in the middle of a pass, before anything has told it that its lease is another's.
                var writing = options.LeaderElect ? api.WritingWhile(() => leadership.IsLeader) : api;
                var reconciler = Reconciler(writing, caches, config, facts, events);
                await new Workers(queue, reconciler.ReconcileAsync, options.Workers, logs.CreateLogger("Fleet.Workers"), metrics, time).RunAsync(ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
        }

        await ending.CancelAsync();
        await Task.WhenAll([.. background, telling]);
        var lost = leadership.Lost.IsCancellationRequested;
        await leadership.ReleaseAsync(); // a successor begins while the last reviews are answered
        if (admission is not null)
            await admission.DrainAsync();
        return !lost;
    }

    private AppReconciler Reconciler(ApiClient api, WatchedNamespaces caches, ConfigReader config, ClusterFacts facts, EventRecorder events)
    {
        var answers = new AnswerBook();
        foreach (var cache in caches.Sets.SelectMany(s => s.AllChildren))
            cache.Changed += (before, now) => answers.Forget(before, now);
        var refusals = new RefusalLedger(time);
        return new(
            new(caches, config, answers, options.Settings, () => facts.Features),
            new(api, caches, answers, refusals),
            new(api, caches),
            events, config, refusals, new(time), new(), options.Settings, time);
    }

    // A CRD that comes after the operator is noticed at once; without the right to watch CRDs, within minutes. Each is watched by its name, as the Role has it.
    private Task WatchCrdsAsync(ApiClient api, WatchedNamespaces caches, CrdSchemaCheck schema, OperatorMetrics metrics, CancellationToken stop) =>
        Task.WhenAll(AppCaches.CustomKinds.Select(kind =>
        {
            var cache = new ObjectCache<PartialObject>(Crds);
            cache.Changed += (_, now) =>
            {
                if (kind == MicroserviceApp.Resource)
                    schema.Saw(now?.Metadata);
                if (now is not null)
                    caches.Poke();
            };
            return new Watcher<PartialObject>(
                api, Kinds.MetadataOf(Crds), new(FieldSelector: $"metadata.name={kind}"), cache, isServed: null, time, logs.CreateLogger("Fleet.Watch"), metrics, CrdSchemaCheck.Trimmed)
                .RunAsync(stop);
        }));

    private static Readiness Ready(ClusterFacts facts, WatchedNamespaces caches, CrdSchemaCheck schema, AdmissionHost? admission) => Readiness.WaitingFor(
    [
        .. facts.Known.IsCompleted ? Array.Empty<string>() : ["the API server has not answered yet"],
        .. caches.All.Where(c => c.State == CacheState.Starting).Select(c => $"the first list of {c.Resource} is under way"),
        .. caches.Sets[0].Apps.State == CacheState.NotServed ? [$"the CRD {MicroserviceApp.Resource} is not installed: fleet crds | kubectl apply -f -"] : Array.Empty<string>(),
        .. admission?.Waits ?? [],
    ]).Noting(schema.Remark);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Health and metrics are served on port {Port}")]
        public static partial void Listening(ILogger logger, int port);
    }
}
