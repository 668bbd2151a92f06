using System.Text.Json;
using Fleet.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Fleet.Runtime;

/// <summary>
/// Keeps a cache as the server is: LIST in pages, then WATCH from the list's version, resumed where it ended. Nothing but its token
/// ends it: whatever fails is tried again, after 0.2 s at first and 30 s at most (5 s where no server was there to be spared, or one has just come back).
/// </summary>
public sealed partial class Watcher<T>
    where T : class, IKubeObject
{
    /// <summary>How often a kind that is not served is asked for again.</summary>
    private static readonly TimeSpan NotServedPause = TimeSpan.FromMinutes(5);

    /// <summary>
    /// For so long a 404 may be premature and is asked again soon: after our start, after the news of a CRD (announced before every
    /// API server answers for it), and where the kind was served before (a restarted API server learns of CRDs only by and by). So may
    /// a 403 where it was no matter of rights before: that server learns of Roles by and by as well.
    /// </summary>
    private static readonly TimeSpan Premature = TimeSpan.FromMinutes(1);

    /// <summary>A watch that lasted this long was in order though it brought nothing: the server ends each one after minutes.</summary>
    private static readonly TimeSpan InOrder = TimeSpan.FromSeconds(5);

    /// <summary>So long is the watch that asks whether watches are allowed again: nothing else tells before something happens in one.</summary>
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(1);

    /// <summary>A server that is away costs nothing to ask, and whoever waits for it wants to know when it is back.</summary>
    private static readonly TimeSpan LongestWhileAway = TimeSpan.FromSeconds(5);

    private readonly IObjectSource<T> _source;
    private readonly ObjectCache<T> _cache;
    private readonly ICacheWriter<T> _writer;
    private readonly Func<bool> _isServed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OperatorMetrics _metrics;
    private readonly BackOff _backOff;
    private volatile TaskCompletionSource _poke = NewPoke();
    private long _pokedAt;
    private long? _missedSince;
    private long _deniedSince;
    private CacheState _beforeDenial;
    private string? _resumeAt;
    private int _failures;

    /// <summary>A watcher of one kind.</summary>
    /// <param name="api">The server.</param>
    /// <param name="kind">What is watched, and as what it is read.</param>
    /// <param name="scope">The namespace and selectors.</param>
    /// <param name="cache">What is kept up to date; this is its one writer.</param>
    /// <param name="isServed">What discovery says; without it a 404 says so.</param>
    /// <param name="time">The clock of back-offs.</param>
    /// <param name="logger">Hears of every failed list and watch.</param>
    /// <param name="metrics">Counts restarts and cached objects.</param>
    /// <param name="trim">What every object passes through before it is kept, answers to our own writes too.</param>
    public Watcher(
        ApiClient api,
        ResourceKind<T> kind,
        ListScope scope,
        ObjectCache<T> cache,
        Func<bool>? isServed,
        TimeProvider time,
        ILogger logger,
        OperatorMetrics metrics,
        Func<T, T>? trim = null)
        : this(new ApiObjectSource<T>(api, kind, scope), cache, isServed, time, logger, metrics, trim)
    {
    }

    internal Watcher(
        IObjectSource<T> source,
        ObjectCache<T> cache,
        Func<bool>? isServed,
        TimeProvider time,
        ILogger logger,
        OperatorMetrics metrics,
        Func<T, T>? trim = null,
        int? seed = null)
    {
        (_source, _cache, _writer, _isServed, _time, _logger, _metrics) = (source, cache, cache, isServed ?? (static () => true), time, logger, metrics);
        _backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30), seed);
        cache.Trim = trim;
        metrics.Observe(cache);
    }

    /// <summary>
    /// Ends the pause after a failure, or the next one: a CRD or a permission may have come. Nothing happens to a watch that is in order.
    /// May be called by any thread.
    /// </summary>
    public void Poke()
    {
        Interlocked.Exchange(ref _pokedAt, _time.GetTimestamp());
        _poke.TrySetResult();
    }

    /// <summary>Watches until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Interlocked.Exchange(ref _pokedAt, _time.GetTimestamp());
        while (!stop.IsCancellationRequested)
        {
            // A poke from here on may be about something that this round is too early for: it shortens the pause after it.
            _poke = NewPoke();
            TimeSpan pause;
            try
            {
                pause = await RoundAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // a cache that is no longer kept up to date would be silent and wrong
            catch (Exception e)
#pragma warning restore CA1031
            {
                pause = AfterFailure(e);
            }

            await PauseAsync(pause, stop);
        }
    }

    /// <summary>One list, when there is nothing to resume from, and one watch. Returns how long to wait before the next.</summary>
    private async Task<TimeSpan> RoundAsync(CancellationToken stop)
    {
        if (!_isServed())
            return AfterNotServed("discovery does not name it");

        _resumeAt ??= await ListAsync(stop);
        _missedSince = null;

        var began = _time.GetTimestamp();
        var silent = true;
        var denied = _cache.State == CacheState.Denied;
        await foreach (var news in _source.WatchAsync(_resumeAt, denied ? Probe : null, stop).WithCancellation(stop))
        {
            if (denied)
                break;
            if (silent)
                (silent, _failures) = (false, 0);
            Tell(news);
        }

        if (denied)
        {
            // The watch was refused and no longer is. What happened in between is best known from a list.
            _resumeAt = null;
            return TimeSpan.Zero;
        }

        Restarts("closed");
        return silent && _time.GetElapsedTime(began) < InOrder ? _backOff.After(_failures++) : TimeSpan.Zero;
    }

    private async Task<string> ListAsync(CancellationToken stop)
    {
        var was = _cache.State;
        string? version = null;
        _writer.Init();
        await foreach (var page in _source.ListAsync(stop).WithCancellation(stop))
        {
            foreach (var obj in page.Items)
                _writer.InitApply(obj);
            version = page.ResourceVersion;
        }

        _writer.InitDone(version ?? throw new InvalidDataException("a list without pages"));
        if (was != CacheState.Synced)
            Log.Synced(_logger, _source.Resource, _cache.Count);
        return version;
    }

    private void Tell(WatchEvent<T> news)
    {
        switch (news)
        {
            case { Type: WatchEventType.Added or WatchEventType.Modified, Object: { } obj }:
                _writer.Apply(obj);
                break;
            case { Type: WatchEventType.Deleted, Object: { } obj }:
                _writer.Delete(obj);
                break;
            default:
                _writer.Bookmark(news.ResourceVersion);
                break;
        }

        if (news.ResourceVersion.Length > 0)
            _resumeAt = news.ResourceVersion;
    }

    /// <summary>What a failure means for the cache, and for how long to leave the server alone.</summary>
    private TimeSpan AfterFailure(Exception e)
    {
        switch (e)
        {
            case ApiException { IsGone: true }:
                // :: The usual end of a watch that was away too long. Listing is dear, so only the first is followed at once.
                Restarts("gone");
                Log.Relists(_logger, _source.Resource);
                _resumeAt = null;
                return _failures++ == 0 ? TimeSpan.Zero : _backOff.After(_failures);

            case ApiException { IsForbidden: true }:
                // :: The version stays: a refused watch is tried again by itself, or each list between two refusals would say Synced.
                Restarts("denied");
                if (_cache.State != CacheState.Denied)
                {
                    Log.Denied(_logger, e.Message);
                    (_deniedSince, _beforeDenial) = (_time.GetTimestamp(), _cache.State);
                }

                _writer.Denied(e.Message);
                var soon = _beforeDenial != CacheState.Starting && _time.GetElapsedTime(_deniedSince) < Premature;
                return Bounded(_backOff.After(_failures++), soon ? LongestWhileAway : null);

            case ApiException { IsNotFound: true }:
                return AfterNotServed(e.Message);

            case JsonException or InvalidDataException:
                // :: The same event would come again; a list has the object's newest state instead.
                _resumeAt = null;
                return AfterTrouble("undecodable", e);

            case ApiException refused:
                var pause = AfterTrouble("error", e);
                return refused.RetryAfter > pause ? refused.RetryAfter.Value : pause;

            case TimeoutException or OperationCanceledException:
                return AfterTrouble("stalled", e, LongestWhileAway);

            case ConfigException:
                // :: Credentials that cannot be renewed now: their source is asked again each time.
                return AfterTrouble("error", e);

            case IOException or HttpRequestException:
                return AfterTrouble("cut", e, LongestWhileAway);

            default:
                // :: A fault of ours, or of a listener: not expected, so not quiet. The cache goes on all the same.
                Restarts("error");
                Log.Fault(_logger, _source.Resource, e);
                return _backOff.After(_failures++);
        }
    }

    private TimeSpan AfterNotServed(string why)
    {
        Restarts("not_served");
        _resumeAt = null;
        _missedSince ??= _time.GetTimestamp();
        var state = _cache.State;
        var known = state == CacheState.Denied && _beforeDenial == CacheState.NotServed ? CacheState.NotServed : state;
        var doubtful = (known is CacheState.Synced or CacheState.Denied) && _time.GetElapsedTime(_missedSince.Value) < Premature;
        if (!doubtful)
        {
            if (known != CacheState.NotServed)
                Log.NotServed(_logger, _source.Resource, why);
            _writer.NotServed();
        }

        if (doubtful || _time.GetElapsedTime(Interlocked.Read(ref _pokedAt)) < Premature)
            return _backOff.After(_failures++);
        _failures = 0;
        return NotServedPause;
    }

    private TimeSpan AfterTrouble(string reason, Exception e, TimeSpan? longest = null)
    {
        Restarts(reason);
        var pause = Bounded(_backOff.After(_failures++), longest);
        Log.Trouble(_logger, _source.Resource, reason, pause.TotalSeconds, Failures.Describe(e));
        return pause;
    }

    private static TimeSpan Bounded(TimeSpan pause, TimeSpan? longest) => pause > longest ? longest.Value : pause;

    private void Restarts(string reason) => _metrics.WatchRestarted(_source.Resource, reason);

    private async Task PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        if (pause <= TimeSpan.Zero)
            return;
        try
        {
            await _poke.Task.WaitAsync(pause, _time, stop);
        }
        catch (TimeoutException)
        {
            // The pause is over.
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // So is the watch.
        }
    }

    private static TaskCompletionSource NewPoke() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Resource}: {Count} objects listed, watching")]
        public static partial void Synced(ILogger logger, Resource resource, int count);

        [LoggerMessage(2, LogLevel.Information, "{Resource}: the version to resume from has expired, listing again")]
        public static partial void Relists(ILogger logger, Resource resource);

        [LoggerMessage(3, LogLevel.Warning, "denied, asked again with back-off: {Denial}")]
        public static partial void Denied(ILogger logger, string denial);

        [LoggerMessage(4, LogLevel.Information, "{Resource}: not served, asked again when CRDs change and every 5 minutes: {Why}")]
        public static partial void NotServed(ILogger logger, Resource resource, string why);

        [LoggerMessage(5, LogLevel.Warning, "{Resource}: watch {Reason}, again in {Seconds:0.0} s: {Failure}")]
        public static partial void Trouble(ILogger logger, Resource resource, string reason, double seconds, string failure);

        [LoggerMessage(6, LogLevel.Error, "{Resource}: unexpected fault while watching")]
        public static partial void Fault(ILogger logger, Resource resource, Exception e);
    }
}
