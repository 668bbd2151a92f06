namespace Fleet.Local.Processes;

/// <summary>How a pod comes to its end: asked first, then, when its time is up, forced. The time may be cut short, never made longer.</summary>
internal sealed class PodEnding(TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _begun = new();
    private readonly CancellationTokenSource _forced = new();
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private DateTimeOffset _deadline = DateTimeOffset.MaxValue;

    /// <summary>Cancelled when it begins.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Cancelled when the time is up.</summary>
    public CancellationToken Forced => _forced.Token;

    /// <summary>Whether it has begun.</summary>
    public bool HasBegun => _begun.IsCancellationRequested;

    /// <summary>Whether preStop hooks are run: for a pod that is deleted, not for a node that ends.</summary>
    public bool RunsHooks { get; private set; }

    /// <summary>Begins it, or cuts its time short.</summary>
    /// <param name="grace">How long the processes have.</param>
    /// <param name="hooks">Whether preStop hooks are run.</param>
    public void Begin(TimeSpan grace, bool hooks)
    {
        lock (_gate)
        {
            var deadline = time.GetUtcNow() + grace;
            if (deadline < _deadline)
            {
                _deadline = deadline;
                _timer?.Dispose();
                _timer = time.CreateTimer(static forced => ((CancellationTokenSource)forced!).Cancel(), _forced, grace, Timeout.InfiniteTimeSpan);
            }

            if (!HasBegun)
                RunsHooks = hooks;
        }

        _begun.Cancel();
    }

    /// <summary>No more time: the pod is gone at the server.</summary>
    public void Force()
    {
        _forced.Cancel();
        _begun.Cancel();
    }

    /// <summary>Stops the clock. The tokens stay: news of the pod may come in while it ends, and they hold nothing that needs to be given back.</summary>
    public void Dispose()
    {
        lock (_gate)
            _timer?.Dispose();
    }
}
