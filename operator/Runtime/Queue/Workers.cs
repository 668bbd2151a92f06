using Fleet.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Fleet.Runtime;

/// <summary>Take keys from a queue and give each its passes: several keys at a time, one pass per key.</summary>
/// <param name="queue">Where keys come from.</param>
/// <param name="reconcile">One pass. What it throws is retried with back-off.</param>
/// <param name="count">How many passes run at once; the operator's default is 8.</param>
/// <param name="logger">Hears of failed and abandoned passes.</param>
/// <param name="metrics">Counts and times the passes.</param>
/// <param name="time">The clock that times them; by default the system's.</param>
public sealed partial class Workers(
    WorkQueue queue,
    Func<ObjectKey, CancellationToken, Task<Outcome>> reconcile,
    int count,
    ILogger logger,
    OperatorMetrics metrics,
    TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Works until stopped, and returns when the passes under way have ended; they are given the same token.</summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(() => WorkAsync(stop), CancellationToken.None)));

    private async Task WorkAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            ObjectKey key;
            try
            {
                key = await queue.TakeAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }

            await PassAsync(key, stop);
        }
    }

    private async Task PassAsync(ObjectKey key, CancellationToken stop)
    {
        var began = _time.GetTimestamp();
        try
        {
            var outcome = await reconcile(key, stop);
            metrics.Reconciled(Settle(key, outcome), _time.GetElapsedTime(began));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Neither a success nor a failure: whoever works next sees the world as it was left.
        }
#pragma warning disable CA1031 // the one place where what nobody could name ends: the key is tried again, the others go on
        catch (Exception e)
#pragma warning restore CA1031
        {
            metrics.Reconciled("error", _time.GetElapsedTime(began));
            queue.Retry(key, (e as ApiException)?.RetryAfter);
            Log.PassFailed(logger, key, Failures.Describe(e));
            Log.PassFailedAt(logger, key, e);
        }
        finally
        {
            queue.Done(key);
        }
    }

    private string Settle(ObjectKey key, Outcome outcome)
    {
        queue.Forget(key);
        switch (outcome)
        {
            case Outcome.RunAgain again:
                queue.AddAfter(key, again.After);
                return "again";
            case Outcome.GivenUp gaveUp:
                Log.GaveUp(logger, key, gaveUp.Reason);
                return "giveup";
            default:
                return "settled";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Key}: the pass failed and is tried again: {Failure}")]
        public static partial void PassFailed(ILogger logger, ObjectKey key, string failure);

        [LoggerMessage(2, LogLevel.Debug, "{Key}: where the pass failed")]
        public static partial void PassFailedAt(ILogger logger, ObjectKey key, Exception e);

        [LoggerMessage(3, LogLevel.Information, "{Key}: given up until something changes: {Reason}")]
        public static partial void GaveUp(ILogger logger, ObjectKey key, string reason);
    }
}
