using Fleet.Testing;

namespace Fleet.SystemTests.Faults;

/// <summary>A place where an operator always runs: one that ended is started again at once, as a kubelet would. Each process has a name of its own.</summary>
internal sealed class OperatorSlot : IAsyncDisposable
{
    private readonly Func<string, OperatorStart> _start;
    private readonly Func<string> _name;
    private readonly List<(string Name, OperatorProcess Process, bool Killed)> _all = [];
    private readonly Lock _gate = new();
    private readonly Task _supervising;
    private bool _ending;

    /// <summary>Starts the first.</summary>
    /// <param name="name">Gives a process its name.</param>
    /// <param name="start">How a process of this name is started.</param>
    public OperatorSlot(Func<string> name, Func<string, OperatorStart> start)
    {
        (_name, _start) = (name, start);
        Start();
        _supervising = SuperviseAsync();
    }

    /// <summary>The process that runs, or has just ended.</summary>
    public OperatorProcess Current
    {
        get
        {
            lock (_gate)
                return _all[^1].Process;
        }
    }

    /// <summary>All processes so far, and whether they were killed here.</summary>
    public IReadOnlyList<(string Name, OperatorProcess Process, bool Killed)> All
    {
        get
        {
            lock (_gate)
                return [.. _all];
        }
    }

    /// <summary>Whether the one that runs leads.</summary>
    public async Task<bool> LeadsAsync()
    {
        var current = Current;
        return !current.HasExited && current.Health is not null && (await current.MetricsAsync())["fleet_leader"] == 1;
    }

    /// <summary>SIGKILL, and another is started.</summary>
    public async Task KillAsync()
    {
        OperatorProcess victim;
        lock (_gate)
        {
            _all[^1] = _all[^1] with { Killed = true };
            victim = _all[^1].Process;
        }

        if (!victim.HasExited)
            await victim.KillAsync();
        await Eventually.True(() => Current != victim);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_ending)
                return;
            _ending = true;
            _all[^1] = _all[^1] with { Killed = true };
        }

        if (!Current.HasExited)
            await Current.KillAsync();
        await _supervising;
        foreach (var (_, process, _) in _all)
            await process.DisposeAsync();
    }

    private async Task SuperviseAsync()
    {
        while (true)
        {
            await Current.WaitForExitAsync(Timeout.InfiniteTimeSpan);
            lock (_gate)
            {
                if (_ending)
                    return;
                Start();
            }
        }
    }

    private void Start()
    {
        var name = _name();
        _all.Add((name, OperatorProcess.Start(_start(name)), false));
    }
}
