using Fleet.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Fleet.Runtime;

/// <summary>
/// One of several operators works: the one that holds the lease (coordination.k8s.io/v1, the protocol of client-go's leader election).
/// One instance goes through it once: wait, lead, release or lose.
/// </summary>
/// <remarks>
/// Why two never lead at once: a holder counts from before it sent the renewal that succeeded, a candidate from when it saw it, so
/// the holder's shorter <see cref="LeaseTimings.RenewDeadline"/> always ends before the candidate's longer
/// <see cref="LeaseTimings.Duration"/>. Both count by their own monotonic clocks; times written in the lease are for people, and only
/// compared with themselves. Every write names the version it is based on, so of two that see the lease free one is refused.
/// </remarks>
public sealed partial class Leadership : IAsyncDisposable
{
    private readonly ILeaseStore _store;
    private readonly string _lease;
    private readonly string _identity;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LeaseTimings _timings;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _release = new();
    private Task _renewing = Task.CompletedTask;
    private volatile bool _leads;

    private Lease? _held;                  // as we last wrote it
    private DateTimeOffset? _acquireTime;  // of our last try to take it: with it we know our own write even if its answer was lost
    private long _renewedAt;               // monotonic, taken before the request was sent

    private LeaseSpec? _observed;          // what another holder last wrote
    private long _observedAt;
    private string? _toldTrouble;
    private string? _toldHolder;

    /// <summary>A candidate for the lease.</summary>
    /// <param name="api">The server that keeps the lease.</param>
    /// <param name="ns">The lease's namespace.</param>
    /// <param name="name">The lease's name.</param>
    /// <param name="identity">Who we are, unique to this very process: a pod's name with something random, for instance.</param>
    /// <param name="time">The clock; the wall clock is only written down.</param>
    /// <param name="logger">Hears who leads, and of every failed try.</param>
    /// <param name="timings">By default 15, 10 and 2 seconds.</param>
    public Leadership(ApiClient api, string ns, string name, string identity, TimeProvider time, ILogger logger, LeaseTimings? timings = null)
        : this(new ApiLeaseStore(api, ns, name), $"{ns}/{name}", identity, time, logger, timings)
    {
    }

    internal Leadership(ILeaseStore store, string lease, string identity, TimeProvider time, ILogger logger, LeaseTimings? timings = null)
    {
        (_store, _lease, _identity, _time, _logger, _timings) = (store, lease, identity, time, logger, timings ?? LeaseTimings.Default);
        if (_timings.RetryPeriod >= _timings.RenewDeadline || _timings.RenewDeadline >= _timings.Duration)
            throw new ArgumentException("the lease's times must grow: retry period, renew deadline, duration", nameof(timings));
        Lost = _lost.Token;
    }

    /// <summary>Cancelled when the lease was ours and could not be renewed in time, or is someone else's: stop at once.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether we hold the lease now. False as soon as the deadline has passed, even if nothing could run to notice it.</summary>
    public bool IsLeader => _leads && _time.GetElapsedTime(Interlocked.Read(ref _renewedAt)) < _timings.RenewDeadline;

    /// <summary>
    /// Waits until the lease is ours, through every error, and from then on keeps it renewed. Returns false when stopped before.
    /// A holder of our own name is another process: who starts again under its old name waits like anyone.
    /// </summary>
    public async Task<bool> AcquireAsync(CancellationToken stop)
    {
        while (true)
        {
            var wait = _timings.RetryPeriod;
            try
            {
                wait = await TryAcquireAsync(stop);
                if (_leads)
                {
                    Log.Leads(_logger, _lease, _identity);
                    _renewing = RenewAsync(_release.Token);
                    return true;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return false;
            }
#pragma warning disable CA1031 // whatever keeps us from the lease, the way on is to try again
            catch (Exception e)
#pragma warning restore CA1031
            {
                TellTrouble(e);
            }

            if (!await DelayAsync(wait, stop))
                return false;
        }
    }

    /// <summary>
    /// Stops renewing and gives the lease free, so that others need not wait for its end. To be called when the work has ended; never throws.
    /// </summary>
    public async Task ReleaseAsync()
    {
        StopRenewing();
        await _renewing;
        if (!IsLeader)
            return;
        _leads = false;
        try
        {
            using var limit = new CancellationTokenSource(_timings.RenewDeadline / 2, _time);
            await WriteHeldAsync(spec => spec with { HolderIdentity = "", LeaseDurationSeconds = 1 }, limit.Token);
            Log.Released(_logger, _lease);
        }
#pragma warning disable CA1031 // not given free, it ends by itself
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.NotReleased(_logger, _lease, Failures.Describe(e));
        }
    }

    /// <inheritdoc cref="ReleaseAsync"/>
    public async ValueTask DisposeAsync() => await ReleaseAsync();

    /// <summary>One look at the lease, and one try to take it if it is free. Returns when to look again.</summary>
    private async Task<TimeSpan> TryAcquireAsync(CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(_timings.RenewDeadline / 2, _time);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var read = await Bounded(_store.FindAsync, cut.Token);
        var mine = read is not null && IsMine(read.Spec);
        if (read is not null && !mine && LeftOf(read.Spec) is var left && left > TimeSpan.Zero)
        {
            TellHolder(read.Spec.HolderIdentity);
            return left < _timings.RetryPeriod ? left : _timings.RetryPeriod;
        }

        var now = WallClock();
        _acquireTime = mine ? _acquireTime : now;
        var spec = new LeaseSpec
        {
            HolderIdentity = _identity,
            LeaseDurationSeconds = (int)Math.Ceiling(_timings.Duration.TotalSeconds),
            AcquireTime = _acquireTime,
            RenewTime = now,
            LeaseTransitions = read is null ? 0 : (read.Spec.LeaseTransitions ?? 0) + (mine ? 0 : 1),
        };
        var sentAt = _time.GetTimestamp();
        try
        {
            _held = await Bounded(c => read is null ? _store.CreateAsync(spec, c) : _store.ReplaceAsync(read, spec, c), cut.Token);
        }
        catch (ApiException e) when (e.IsConflict || e.IsAlreadyExists || (read is not null && e.IsNotFound))
        {
            return TimeSpan.Zero; // someone was faster: look who
        }

        Interlocked.Exchange(ref _renewedAt, sentAt);
        _leads = true;
        return TimeSpan.Zero;
    }

    /// <summary>How long the lease is still its holder's, by our clock since we saw its last change.</summary>
    private TimeSpan LeftOf(LeaseSpec spec)
    {
        if (string.IsNullOrEmpty(spec.HolderIdentity))
            return TimeSpan.Zero;
        if (spec != _observed)
            (_observed, _observedAt) = (spec, _time.GetTimestamp());
        var promised = TimeSpan.FromSeconds(spec.LeaseDurationSeconds ?? 0);
        return (promised > _timings.Duration ? promised : _timings.Duration) - _time.GetElapsedTime(_observedAt);
    }

    private async Task RenewAsync(CancellationToken release)
    {
        var pause = _timings.RetryPeriod;
        while (true)
        {
            var left = Left();
            if (!await DelayAsync(left < pause ? left : pause, release))
                return;
            left = Left();
            if (left <= TimeSpan.Zero)
            {
                Lose($"it could not be renewed for {_timings.RenewDeadline.TotalSeconds:0.#} s");
                return;
            }

            // A try that hangs must leave time for another, and none may outlive the deadline.
            using var limit = new CancellationTokenSource(left < _timings.RenewDeadline / 2 ? left : _timings.RenewDeadline / 2, _time);
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, release);
            try
            {
                if (!await WriteHeldAsync(spec => spec, cut.Token))
                {
                    Lose("it is someone else's");
                    return;
                }

                _toldTrouble = null;
                pause = _timings.RetryPeriod;
            }
            catch (OperationCanceledException) when (release.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // one failed renewal is not the end; the deadline is
            catch (Exception e)
#pragma warning restore CA1031
            {
                TellTrouble(e);
                pause = _timings.RetryPeriod / 2; // time is short now
            }
        }

        TimeSpan Left() => _timings.RenewDeadline - _time.GetElapsedTime(Interlocked.Read(ref _renewedAt));
    }

    /// <summary>Writes the lease that we hold. False: it is not ours any more.</summary>
    private async Task<bool> WriteHeldAsync(Func<LeaseSpec, LeaseSpec> change, CancellationToken cut)
    {
        var spec = change(_held!.Spec with { RenewTime = WallClock() });
        var sentAt = _time.GetTimestamp();
        try
        {
            _held = await Bounded(c => _store.ReplaceAsync(_held, spec, c), cut);
        }
        catch (ApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // :: Either someone else wrote to it, or an earlier write of ours whose answer was lost, or it was deleted.
            var read = await Bounded(_store.FindAsync, cut);
            if (read is not null && !IsMine(read.Spec))
                return false;
            sentAt = _time.GetTimestamp();
            _held = await Bounded(c => read is null ? _store.CreateAsync(spec, c) : _store.ReplaceAsync(read, spec, c), cut);
        }

        Interlocked.Exchange(ref _renewedAt, sentAt);
        return true;
    }

    /// <summary>Here and now: the renewal under way must not start another request.</summary>
    private void StopRenewing() => _release.Cancel();

    private bool IsMine(LeaseSpec spec) => _acquireTime is not null && spec.HolderIdentity == _identity && spec.AcquireTime == _acquireTime;

    private void Lose(string why)
    {
        _leads = false;
        Log.Lost(_logger, _lease, why);
        _lost.Cancel();
    }

    /// <summary>Microseconds are what the server keeps: what we compare with its answer must not be finer.</summary>
    private DateTimeOffset WallClock()
    {
        var now = _time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    /// <summary>Ends at the limit even if the request does not.</summary>
    private static Task<R> Bounded<R>(Func<CancellationToken, Task<R>> request, CancellationToken cut) => request(cut).WaitAsync(cut);

    private async Task<bool> DelayAsync(TimeSpan time, CancellationToken stop)
    {
        try
        {
            if (time > TimeSpan.Zero)
                await Task.Delay(time, _time, stop);
            return !stop.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private void TellTrouble(Exception e)
    {
        // Said once, not every two seconds.
        var trouble = e is OperationCanceledException ? "no answer in time" : Failures.Describe(e);
        if (trouble == _toldTrouble)
            return;
        _toldTrouble = trouble;
        Log.Trouble(_logger, _lease, trouble);
    }

    private void TellHolder(string? holder)
    {
        if (holder == _toldHolder)
            return;
        _toldHolder = holder;
        Log.Waits(_logger, _lease, holder);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "lease {Lease}: held by {Holder}, waiting")]
        public static partial void Waits(ILogger logger, string lease, string? holder);

        [LoggerMessage(2, LogLevel.Information, "lease {Lease}: {Identity} leads")]
        public static partial void Leads(ILogger logger, string lease, string identity);

        [LoggerMessage(3, LogLevel.Warning, "lease {Lease}: tried again: {Failure}")]
        public static partial void Trouble(ILogger logger, string lease, string failure);

        [LoggerMessage(4, LogLevel.Error, "lease {Lease}: lost, {Why}")]
        public static partial void Lost(ILogger logger, string lease, string why);

        [LoggerMessage(5, LogLevel.Information, "lease {Lease}: released")]
        public static partial void Released(ILogger logger, string lease);

        [LoggerMessage(6, LogLevel.Warning, "lease {Lease}: not released, others wait for its end: {Failure}")]
        public static partial void NotReleased(ILogger logger, string lease, string failure);
    }
}
