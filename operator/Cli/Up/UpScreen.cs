using Fleet.Local;

namespace Fleet.Cli;

/// <summary>
/// What <c>fleet up</c> shows: on a terminal the table with everything around it, redrawn in place; elsewhere the plain table once all is up, and again at each change.
/// </summary>
internal sealed class UpScreen(Call call, StateFolder state, LocalCluster cluster, LocalFleet fleet, Progress progress)
{
    private const int Remembered = 5;
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<string> _notes = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _drawing;

    /// <summary>Tells of something that happened.</summary>
    internal void Tell(string note)
    {
        lock (_gate)
        {
            _notes.Enqueue(note);
            if (_notes.Count > Remembered)
                _notes.Dequeue();
        }

        if (!_drawing)
            call.Error.WriteLine(note);
        Changed();
    }

    /// <summary>Shows it until stopped.</summary>
    internal async Task ShowAsync(CancellationToken stop)
    {
        var following = fleet.FollowAsync(Changed, stop);
        await await Task.WhenAny(following, StartAsync(stop));
        await await Task.WhenAny(following, call.IsTerminal ? DrawAsync(stop) : PrintAsync(stop));
    }

    // Until all is up, or something is wrong that waiting will not mend, what is waited for is shown.
    private async Task StartAsync(CancellationToken stop)
    {
        while (!UpPage.IsUp(fleet.Apps) && !UpPage.IsStuck(fleet.Apps))
        {
            progress.Tell(UpPage.Waits(fleet.Apps));
            await NextAsync(stop);
        }

        progress.Dispose();
    }

    private Task DrawAsync(CancellationToken stop)
    {
        _drawing = true;
        state.SayReady();
        return TerminalScreen.ShowAsync(async show =>
        {
            while (true)
            {
                show([.. Page(), .. Notes()]);
                await NextAsync(stop);
            }
        });
    }

    private async Task PrintAsync(CancellationToken stop)
    {
        var last = "";
        while (true)
        {
            var key = UpPage.Key(fleet.Apps, fleet.Of);
            if (key != last && (UpPage.IsUp(fleet.Apps) || UpPage.IsStuck(fleet.Apps)))
            {
                foreach (var line in last.Length == 0 ? Page() : [Line.Empty, .. Table()])
                    await call.Out.WriteLineAsync($"{line}".AsMemory(), stop);
                await call.Out.FlushAsync(stop);
                state.SayReady(); // not before: whoever waits for it reads the page then
                last = key;
            }

            await NextAsync(stop);
        }
    }

    private IEnumerable<Line> Page() => [.. Table(), Line.Empty, .. Around()];

    private IEnumerable<Line> Table() => UpPage.Of(fleet.Apps, fleet.Of);

    private IEnumerable<Line> Around()
    {
        foreach (var app in fleet.Apps)
        {
            if (fleet.GatewayOf(app) is not { } gateway)
                continue;
            var remark = fleet.GatewayRemark(app);
            yield return Line.Of(new Span($"gateway of {app.Metadata.Name}: {gateway.ToString().TrimEnd('/')}{(remark is null ? "" : $" ({remark})")}", Tone.Good));
            foreach (var step in FirstSteps.Of(app, gateway))
                yield return Line.Of($"  {step}");
        }

        yield return Line.Empty;
        yield return Line.Of(new Span("kubectl", Tone.Quiet));
        yield return Line.Of($"  export KUBECONFIG={cluster.Kubeconfig}");
        yield return Line.Of("  kubectl get msa,pods; kubectl logs deploy/NAME; kubectl explain msa.spec");
        yield return Line.Of(new Span("logs", Tone.Quiet));
        yield return Line.Of($"  {cluster.Node.LogFolder} (services), {state.Log} (operator, API server)");
    }

    private IEnumerable<Line> Notes()
    {
        lock (_gate)
            return _notes.Count == 0 ? [] : [Line.Empty, .. _notes.Select(n => Line.Of(new Span(n, Tone.Busy)))];
    }

    private void Changed()
    {
        lock (_gate)
            _changed.TrySetResult();
    }

    // At each change, and once a second for what moves by itself.
    private async Task NextAsync(CancellationToken stop)
    {
        Task changed;
        lock (_gate)
            changed = _changed.Task;
        await Task.WhenAny(changed, Task.Delay(Refresh, call.Time, stop));
        stop.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_changed.Task.IsCompleted)
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
