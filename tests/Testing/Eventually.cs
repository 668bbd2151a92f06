using System.Diagnostics;

namespace Fleet.Testing;

/// <summary>Waits for what happens on its own time, on real servers: asks again and again, and says what it saw last when it gives up.</summary>
public static class Eventually
{
    /// <summary>How long to wait when nothing is said.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    /// <summary>Returns once the condition holds.</summary>
    /// <param name="condition">What is asked; an exception counts as no.</param>
    /// <param name="timeout">How long it may take; <see cref="Patience"/> when null.</param>
    /// <param name="seen">Tells the state for the failure's message.</param>
    /// <param name="what">The condition in words; the caller's expression when left out.</param>
    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    public static Task True(
        Func<Task<bool>> condition,
        TimeSpan? timeout = null,
        Func<string>? seen = null,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "") =>
        That(condition, holds => holds, timeout, seen is null ? null : _ => seen(), what);

    /// <inheritdoc cref="True(Func{Task{bool}}, TimeSpan?, Func{string}?, string)"/>
    public static Task True(
        Func<bool> condition,
        TimeSpan? timeout = null,
        Func<string>? seen = null,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "") =>
        True(() => Task.FromResult(condition()), timeout, seen, what);

    /// <summary>Returns what was read once it is as wanted.</summary>
    /// <param name="read">Reads the state; an exception counts as not yet.</param>
    /// <param name="wanted">Whether the state is the one waited for.</param>
    /// <param name="timeout">How long it may take; <see cref="Patience"/> when null.</param>
    /// <param name="describe">The state in words, for the failure's message.</param>
    /// <param name="what">What is waited for, in words; the caller's expression when left out.</param>
    /// <exception cref="TimeoutException">It was never as wanted; the message has the last state or error.</exception>
    public static async Task<T> That<T>(
        Func<Task<T>> read,
        Func<T, bool> wanted,
        TimeSpan? timeout = null,
        Func<T, string>? describe = null,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(wanted))] string what = "")
    {
        var patience = timeout ?? Patience;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            string last;
            Exception? error = null;
            try
            {
                var state = await read();
                if (wanted(state))
                    return state;
                last = describe?.Invoke(state) ?? state?.ToString() ?? "null";
            }
            catch (Exception e) when (!IsStopped(e))
            {
                (last, error) = (e.Message, e);
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
                throw new TimeoutException($"not within {patience.TotalSeconds:0.#} s: {what}; last seen: {last}", error);
            await Task.Delay(Interval);
        }
    }

    // Who was told to stop has nothing to wait for. An HttpClient that has waited for long enough throws the same, with a token of its own, and says so within.
    private static bool IsStopped(Exception e) => e is OperationCanceledException { CancellationToken.IsCancellationRequested: true, InnerException: not TimeoutException };
}
