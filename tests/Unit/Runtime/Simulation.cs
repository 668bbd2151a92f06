using System.Collections.Concurrent;
using System.Diagnostics;
using Fleet.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Unit.Runtime;

/// <summary>
/// Runs asynchronous code on the test's own thread in virtual time: time moves only when the test says so, and what then can run has
/// run when the call returns. So a test is a list of moments and what is true at each.
/// </summary>
internal sealed class Simulation : SynchronizationContext, IDisposable
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _work = [];
    private readonly SynchronizationContext? _before = Current;

    public Simulation() => SetSynchronizationContext(this);

    public FakeTimeProvider Time { get; } = new(Start);

    public TimeSpan Elapsed => Time.GetUtcNow() - Start;

    public override void Post(SendOrPostCallback d, object? state) => _work.Add((d, state));

    /// <summary>Runs what can run now.</summary>
    public void Settle()
    {
        for (var steps = 0; _work.TryTake(out var next); steps++)
        {
            if (steps == 100_000)
                throw new InvalidOperationException($"at {Elapsed} something runs in circles without waiting");
            next.Callback(next.State);
        }
    }

    /// <summary>Moves time in steps, settling at each.</summary>
    public void Advance(TimeSpan by, double stepMilliseconds = 50, Action? atEachStep = null)
    {
        Settle();
        for (var left = by; left > TimeSpan.Zero;)
        {
            var step = TimeSpan.FromMilliseconds(Math.Min(stepMilliseconds, left.TotalMilliseconds));
            Time.Advance(step);
            left -= step;
            Settle();
            atEachStep?.Invoke();
        }
    }

    /// <summary>Runs what other threads hand in, until the condition holds. For the few places that leave this thread.</summary>
    public void Until(Func<bool> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (_work.TryTake(out var next, TimeSpan.FromMilliseconds(5)))
                next.Callback(next.State);
            if (Stopwatch.GetElapsedTime(began) > Eventually.Patience)
                throw new TimeoutException("the condition did not come true");
        }
    }

    /// <summary>What a task that must have ended by now returned.</summary>
    public T Result<T>(Task<T> task)
    {
        Until(() => task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Lets a task end that must be about to.</summary>
    public void End(Task task)
    {
        Until(() => task.IsCompleted);
        task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        SetSynchronizationContext(_before);
        _work.Dispose();
    }
}
