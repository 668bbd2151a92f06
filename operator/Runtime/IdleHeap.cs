namespace Fleet.Runtime;

/// <summary>
/// Gives memory back after work. The collector lets the heap of a busy hour stand until the next busy hour; an operator is idle most of its life.
/// So once nothing has been going on for a moment the heap is compacted, and what it does not need returned to the system.
/// </summary>
public sealed class IdleHeap(TimeProvider time)
{
    /// <summary>How often it looks: work is over when next to nothing was allocated in between.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // More than renewals of the lease, bookmarks of watches and probes need.
    private const long Rest = 2 << 20;

    // Less garbage than this is not worth a compaction, during which everything stands still.
    private const long Worth = 16 << 20;

    private long _seen, _compacted;

    /// <summary>Looks until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (IsDue(GC.GetTotalAllocatedBytes()))
                    GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Whether the heap is to be compacted now.</summary>
    /// <param name="allocated">The bytes that were ever allocated.</param>
    internal bool IsDue(long allocated)
    {
        var due = allocated - _seen < Rest && allocated - _compacted > Worth;
        _seen = allocated;
        if (due)
            _compacted = allocated;
        return due;
    }
}
