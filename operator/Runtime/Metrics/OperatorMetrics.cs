using System.Diagnostics;
using System.Reflection;
using System.Runtime;
using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>What the operator measures of itself, as Prometheus text. All members may be called by any thread.</summary>
public sealed class OperatorMetrics
{
    private static readonly double[] ReconcileBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
    private static readonly double[] ReviewBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

    private readonly Counter _reconciles = new("fleet_reconcile_total", "Passes, by how they ended.", "outcome");
    private readonly Histogram _reconcileSeconds = new("fleet_reconcile_seconds", "How long passes took.", ReconcileBounds);
    private readonly Counter _requests = new("fleet_api_requests_total", "Requests to the API server, by verb and code; 0 is no answer.", "verb", "code");
    private readonly Counter _restarts = new("fleet_watch_restarts_total", "Watches that had to be started again.", "resource", "reason");
    private readonly Counter _droppedEvents = new("fleet_events_dropped_total", "Events that could not be told.");
    private readonly Counter _reviews = new("fleet_admission_reviews_total", "Reviews of the webhook, by outcome.", "outcome");
    private readonly Histogram _reviewSeconds = new("fleet_admission_review_seconds", "How long reviews took.", ReviewBounds);
    private readonly Lock _gate = new();
    private Func<DateTimeOffset?>? _admission;
    private WorkQueue? _queue;
    private Func<bool>? _leads;
    private (Func<int?> Installed, int Known)? _crd;
    private IObjectCache[] _caches = [];

    /// <summary>A pass has ended.</summary>
    /// <param name="outcome">settled, again, giveup or error.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Reconciled(string outcome, TimeSpan elapsed)
    {
        _reconciles.Add(outcome);
        _reconcileSeconds.Observe(elapsed.TotalSeconds);
    }

    /// <summary>A request was answered, or not; for <see cref="ApiClientOptions.OnCall"/>.</summary>
    public void Called(ApiCall call) => _requests.Add(call.Verb, PrometheusText.Number(call.StatusCode));

    /// <summary>A watch had to be started again.</summary>
    /// <param name="resource">What is watched.</param>
    /// <param name="reason">closed, gone, stalled, cut, undecodable, denied, not_served or error.</param>
    public void WatchRestarted(Resource resource, string reason) => _restarts.Add(resource.ToString(), reason);

    /// <summary>An event was not told.</summary>
    public void EventDropped() => _droppedEvents.Add();

    /// <summary>A review was answered.</summary>
    /// <param name="outcome">allowed, warned, denied, passed or failed.</param>
    /// <param name="elapsed">How long it took.</param>
    public void AdmissionReviewed(string outcome, TimeSpan elapsed)
    {
        _reviews.Add(outcome);
        _reviewSeconds.Observe(elapsed.TotalSeconds);
    }

    /// <summary>Shows reviews, and until when the webhook's certificate is valid.</summary>
    public void ObserveAdmission(Func<DateTimeOffset?> certificateEnds) => _admission = certificateEnds;

    /// <summary>Shows a queue's depth and oldest key.</summary>
    public void Observe(WorkQueue queue) => _queue = queue;

    /// <summary>Shows how many objects a cache holds.</summary>
    public void Observe(IObjectCache cache)
    {
        lock (_gate)
            _caches = [.. _caches, cache];
    }

    /// <summary>Shows whether this process leads.</summary>
    public void ObserveLeader(Func<bool> leads) => _leads = leads;

    /// <summary>Shows the number of the installed CRD's schema, once it is known, beside that of the operator.</summary>
    public void ObserveCrdSchema(Func<int?> installed, int known) => _crd = (installed, known);

    /// <summary>Everything, in the Prometheus text format 0.0.4.</summary>
    public string ToText()
    {
        var text = new PrometheusText();
        _reconciles.Write(text);
        _reconcileSeconds.Write(text);
        if (_queue is { } queue)
        {
            text.Gauge("fleet_queue_depth", "Keys that want a pass now.", queue.Depth);
            text.Gauge("fleet_queue_delayed", "Keys that wait for their time.", queue.Delayed);
            text.Gauge("fleet_queue_oldest_seconds", "For how long the first key in line has been ready.", (queue.OldestAge ?? TimeSpan.Zero).TotalSeconds);
        }

        _requests.Write(text);
        _restarts.Write(text);
        WriteCaches(text);
        text.Gauge("fleet_leader", "1 while this process holds the lease.", _leads?.Invoke() == true ? 1 : 0);
        if (_crd is { } crd)
        {
            text.Gauge("fleet_crd_schema", "The number of the schema that this operator knows.", crd.Known);
            if (crd.Installed() is { } installed)
                text.Gauge("fleet_crd_schema_installed", "The number of the installed CRD's schema; below fleet_crd_schema the CRD is to be upgraded.", installed);
        }

        _droppedEvents.Write(text);
        if (_admission is { } certificateEnds)
        {
            _reviews.Write(text);
            _reviewSeconds.Write(text);
            if (certificateEnds() is { } end)
                text.Gauge("fleet_admission_certificate_not_after_seconds", "When the webhook's certificate ends, Unix time.", end.ToUnixTimeSeconds());
        }

        WriteProcess(text);
        return text.ToString();
    }

    private void WriteCaches(PrometheusText text)
    {
        // A resource may be in two caches, whole and as metadata; Prometheus refuses a series that is there twice.
        var caches = _caches.GroupBy(cache => cache.Resource.ToString()).ToList();
        if (caches.Count == 0)
            return;
        text.Head("fleet_cache_objects", "Objects in the cache.", "gauge");
        foreach (var cache in caches)
            text.Sample("fleet_cache_objects", cache.Sum(c => c.Count), ("resource", cache.Key));
        text.Head("fleet_cache_synced", "1 while the cache holds what the server holds.", "gauge");
        foreach (var cache in caches)
            text.Sample("fleet_cache_synced", cache.All(c => c.State == CacheState.Synced) ? 1 : 0, ("resource", cache.Key));
    }

    /// <summary>The names that Prometheus' own client libraries use for every process.</summary>
    private static void WriteProcess(PrometheusText text)
    {
        using var process = Process.GetCurrentProcess();
        text.Counter("process_cpu_seconds_total", "User and system CPU time.", process.TotalProcessorTime.TotalSeconds);
        text.Gauge("process_resident_memory_bytes", "Resident memory.", process.WorkingSet64);
        text.Gauge("process_start_time_seconds", "Start of the process, Unix time.", (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        text.Gauge("dotnet_gc_heap_bytes", "The managed heap after the last collection.", GC.GetGCMemoryInfo().HeapSizeBytes);
        text.Gauge("dotnet_gc_pause_ratio", "Share of time that collections held the process up.", GC.GetGCMemoryInfo().PauseTimePercentage / 100);
        text.Head("fleet_build_info", "1; the version is the label.", "gauge");
        text.Sample("fleet_build_info", 1, ("version", Version));
    }

    private static string Version { get; } =
        typeof(OperatorMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
