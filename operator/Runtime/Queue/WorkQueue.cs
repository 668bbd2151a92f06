using System.Diagnostics.CodeAnalysis;

namespace Fleet.Runtime;

/// <summary>
/// The keys that want a pass. A key is in it once however often it is added, and is never handed to two workers at once:
/// the sets <c>dirty</c> (wants a pass) and <c>processing</c> (has one now) stand in for a lock per object.
/// </summary>
/// <remarks>
/// Four places: <b>ready</b>, first come first served; <b>dirty</b>, which holds all that is ready and what changed while a worker is
/// busy with it; <b>processing</b>; <b>delayed</b>, by due time. All members may be called by any thread.
/// </remarks>
public sealed class WorkQueue : IDisposable
{
    /// <summary>A longer delay is cut to this; whoever asks for more asks again.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(30);

    private static readonly Comparer<(long Due, ObjectKey Key)> ByDue =
        Comparer<(long Due, ObjectKey Key)>.Create(static (a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : ObjectKey.Order.Compare(a.Key, b.Key));

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly BackOff _backOff;
    private readonly Queue<(ObjectKey Key, long Since)> _ready = new();
    private readonly HashSet<ObjectKey> _dirty = [];
    private readonly HashSet<ObjectKey> _processing = [];
    private readonly SortedSet<(long Due, ObjectKey Key)> _delayed = new(ByDue);
    private readonly Dictionary<ObjectKey, long> _dueOf = [];
    private readonly Dictionary<ObjectKey, int> _failures = [];
    private readonly SemaphoreSlim _available = new(0);
    private readonly ITimer _alarm;
    private long _alarmAt = long.MaxValue;

    /// <summary>An empty queue.</summary>
    /// <param name="time">The clock of delays; only its monotonic side is used.</param>
    /// <param name="backOff">How long a key waits after a failure; by default 50 ms, doubled each time, up to 5 minutes.</param>
    public WorkQueue(TimeProvider time, BackOff? backOff = null)
    {
        _time = time;
        _backOff = backOff ?? new BackOff(TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5));
        _alarm = time.CreateTimer(_ => MakeDueReady(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many keys want a pass now, those included that changed while a worker is busy with them; delayed ones are not.</summary>
    public int Depth
    {
        get
        {
            lock (_gate)
                return _dirty.Count;
        }
    }

    /// <summary>How many keys wait for their time.</summary>
    public int Delayed
    {
        get
        {
            lock (_gate)
                return _delayed.Count;
        }
    }

    /// <summary>How many keys workers are busy with.</summary>
    public int Processing
    {
        get
        {
            lock (_gate)
                return _processing.Count;
        }
    }

    /// <summary>For how long the first key in line has been ready; null when none is.</summary>
    public TimeSpan? OldestAge
    {
        get
        {
            lock (_gate)
                return _ready.TryPeek(out var first) ? _time.GetElapsedTime(first.Since) : null;
        }
    }

    /// <summary>Wants a pass now. Whatever the key was waiting for, a back-off included, is over: a change is news.</summary>
    public void Add(ObjectKey key)
    {
        lock (_gate)
            AddNow(key);
    }

    /// <summary>
    /// Wants a pass after a while. The earlier of two times stays; a key that wants a pass now is not delayed as well, because that
    /// pass sees the same world and asks again if it must.
    /// </summary>
    public void AddAfter(ObjectKey key, TimeSpan delay)
    {
        lock (_gate)
        {
            if (delay <= TimeSpan.Zero)
                AddNow(key);
            else if (!_dirty.Contains(key))
                DelayUntil(key, _time.GetTimestamp() + Ticks(delay));
        }
    }

    /// <summary>Waits for a key and hands it over; <see cref="Done"/> gives it back.</summary>
    /// <exception cref="OperationCanceledException">Stopped while waiting.</exception>
    public async Task<ObjectKey> TakeAsync(CancellationToken stop)
    {
        // One permit per ready key: whoever holds a permit finds a key.
        await _available.WaitAsync(stop);
        lock (_gate)
            return HandOut();
    }

    /// <summary>Hands over a key if one is ready now.</summary>
    public bool TryTake([MaybeNullWhen(false)] out ObjectKey key)
    {
        lock (_gate)
        {
            MoveDue();
            if (_available.Wait(0, CancellationToken.None))
            {
                key = HandOut();
                return true;
            }
        }

        key = default;
        return false;
    }

    /// <summary>The pass has ended.</summary>
    public void Done(ObjectKey key)
    {
        lock (_gate)
        {
            if (_processing.Remove(key) && _dirty.Contains(key))
                MakeReady(key); // it changed while we were busy with it
        }
    }

    /// <summary>Wants another pass after a failed one; each failure in a row waits longer.</summary>
    /// <param name="key">Whose pass failed.</param>
    /// <param name="atLeast">What the server asked us to wait, when it did.</param>
    public void Retry(ObjectKey key, TimeSpan? atLeast = null)
    {
        TimeSpan delay;
        lock (_gate)
        {
            var failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
            delay = _backOff.After(failures);
        }

        AddAfter(key, atLeast > delay ? atLeast.Value : delay);
    }

    /// <summary>Forgets the failures of a key: its next one waits shortly again.</summary>
    public void Forget(ObjectKey key)
    {
        lock (_gate)
            _failures.Remove(key);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _alarm.Dispose();
        _available.Dispose();
    }

    private void AddNow(ObjectKey key)
    {
        if (_dueOf.Remove(key, out var due))
            _delayed.Remove((due, key));
        if (_dirty.Add(key) && !_processing.Contains(key))
            MakeReady(key);
    }

    private void MakeReady(ObjectKey key)
    {
        _ready.Enqueue((key, _time.GetTimestamp()));
        _available.Release();
    }

    private ObjectKey HandOut()
    {
        var (key, _) = _ready.Dequeue();
        _dirty.Remove(key);
        _processing.Add(key);
        return key;
    }

    private void DelayUntil(ObjectKey key, long due)
    {
        if (_dueOf.TryGetValue(key, out var was))
        {
            if (was <= due)
                return;
            _delayed.Remove((was, key));
        }

        _dueOf[key] = due;
        _delayed.Add((due, key));
        SetAlarm();
    }

    private void MakeDueReady()
    {
        lock (_gate)
        {
            _alarmAt = long.MaxValue;
            MoveDue();
            SetAlarm();
        }
    }

    private void MoveDue()
    {
        var now = _time.GetTimestamp();
        while (_delayed.Count > 0 && _delayed.Min is var first && first.Due <= now)
            AddNow(first.Key);
    }

    /// <summary>One timer for all that is delayed. It may ring early, when its key was added meanwhile: it then finds nothing due.</summary>
    private void SetAlarm()
    {
        if (_delayed.Count == 0 || _delayed.Min.Due >= _alarmAt)
            return;
        _alarmAt = _delayed.Min.Due;
        // A timer counts whole milliseconds and would otherwise ring a little too early, again and again.
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(_time.GetElapsedTime(_time.GetTimestamp(), _alarmAt).TotalMilliseconds));
        _alarm.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait, Timeout.InfiniteTimeSpan);
    }

    private long Ticks(TimeSpan delay) => (long)((delay < LongestDelay ? delay : LongestDelay).TotalSeconds * _time.TimestampFrequency);
}
