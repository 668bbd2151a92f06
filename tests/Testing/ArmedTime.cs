using Microsoft.Extensions.Time.Testing;

namespace Fleet.Testing;

/// <summary>A clock that stands still, and tells when somebody has begun to wait: only then does moving it prove anything.</summary>
public sealed class ArmedTime : FakeTimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _armed = [];
    private readonly List<(TimeSpan Due, TaskCompletionSource Seen)> _waiting = [];

    /// <summary>A clock that stands at the beginning of the year 2000.</summary>
    public ArmedTime()
    {
    }

    /// <summary>A clock that stands at a time.</summary>
    /// <param name="start">Which.</param>
    public ArmedTime(DateTimeOffset start)
        : base(start)
    {
    }

    /// <summary>Completes when a timer of this length was started that no earlier call has claimed.</summary>
    public Task ArmedFor(TimeSpan due)
    {
        lock (_gate)
        {
            if (_armed.Remove(due))
                return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((due, seen));
            return seen.Task.WaitAsync(Eventually.Patience);
        }
    }

    /// <summary>Waits until somebody waits so long, then lets that time pass.</summary>
    public async Task PassAsync(TimeSpan due)
    {
        await ArmedFor(due);
        Advance(due);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, base.CreateTimer(callback, state, dueTime, period));
        Note(dueTime);
        return timer;
    }

    private void Note(TimeSpan due)
    {
        lock (_gate)
        {
            var index = _waiting.FindIndex(w => w.Due == due);
            if (index < 0)
            {
                _armed.Add(due);
                return;
            }

            _waiting[index].Seen.SetResult();
            _waiting.RemoveAt(index);
        }
    }

    private sealed class Timer(ArmedTime time, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = inner.Change(dueTime, period);
            time.Note(dueTime);
            return changed;
        }

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
