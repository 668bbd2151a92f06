namespace Fleet.SystemTests.Faults;

/// <summary>What disturbs the control plane of several runs at once: it begins when each of them is under way, or has failed, and their storms last until it has ended.</summary>
internal sealed class Disturbance
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing;

    /// <summary>Makes one.</summary>
    /// <param name="runs">How many runs there are.</param>
    /// <param name="disturb">What it does.</param>
    public Disturbance(int runs, Func<Task> disturb)
    {
        _missing = runs;
        Ended = RunAsync(disturb);
    }

    /// <summary>Completes when it has ended.</summary>
    public Task Ended { get; }

    /// <summary>The place of one run, which is under way, or has failed, when this is disposed.</summary>
    public IDisposable Place() => new Arrival(this);

    private async Task RunAsync(Func<Task> disturb)
    {
        await _all.Task;
        await disturb();
    }

    private void Arrive()
    {
        if (Interlocked.Decrement(ref _missing) == 0)
            _all.SetResult();
    }

    private sealed class Arrival(Disturbance disturbance) : IDisposable
    {
        private int _done;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _done, 1) == 0)
                disturbance.Arrive();
        }
    }
}
