using System.Net.Sockets;

namespace Fleet.Local.Processes;

/// <summary>Runs the probes of one run of a container: first the startup probe, then readiness and liveness side by side.</summary>
/// <param name="container">The container.</param>
/// <param name="target">Where its ports are.</param>
/// <param name="exec">Runs a command as the container would; the exit code and the end of what it wrote.</param>
/// <param name="sink">Is told what the probes find.</param>
/// <param name="time">The clock.</param>
internal sealed class ContainerProbes(
    Container container, ProbeTarget target, Func<ExecAction, CancellationToken, Task<(int Code, string Output)>> exec, IProbeSink sink, TimeProvider time)
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    /// <summary>Probes until stopped, or until the container is to be restarted.</summary>
    /// <param name="stop">Ends it: the run has ended.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            if (container.StartupProbe is { } startup && !await StartupAsync(startup, stop))
                return;
            sink.Started();
            if (container.ReadinessProbe is null)
                sink.Ready(true);
            await Task.WhenAll(ReadinessAsync(container.ReadinessProbe, stop), LivenessAsync(container.LivenessProbe, stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> StartupAsync(Probe probe, CancellationToken stop)
    {
        var count = new ProbeCount(probe, outcome: false);
        await foreach (var result in ResultsAsync(probe, "Startup", quick: true, stop))
        {
            if (!count.Take(result.Success))
                continue;
            if (count.Outcome)
                return true;
            sink.Restart("startup", probe.TerminationGracePeriodSeconds);
            return false;
        }

        return false;
    }

    private async Task ReadinessAsync(Probe? probe, CancellationToken stop)
    {
        if (probe is null)
            return;
        var count = new ProbeCount(probe, outcome: false);
        await foreach (var result in ResultsAsync(probe, "Readiness", quick: true, stop))
        {
            if (count.Take(result.Success))
                sink.Ready(count.Outcome);
        }
    }

    private async Task LivenessAsync(Probe? probe, CancellationToken stop)
    {
        if (probe is null)
            return;
        var count = new ProbeCount(probe, outcome: true);
        await foreach (var result in ResultsAsync(probe, "Liveness", quick: false, stop))
        {
            if (!count.Take(result.Success) || count.Outcome)
                continue;
            sink.Restart("liveness", probe.TerminationGracePeriodSeconds);
            return;
        }
    }

    /// <param name="probe">The probe.</param>
    /// <param name="kind">Its kind, for events.</param>
    /// <param name="quick">Whether, until it passes first, it is tried more often than its period says: that a process on this machine has come up shows within a tenth of a second.</param>
    /// <param name="stop">Ends it.</param>
    private async IAsyncEnumerable<ProbeResult> ResultsAsync(
        Probe probe, string kind, bool quick, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var period = TimeSpan.FromSeconds(probe.PeriodSeconds ?? 10);
        await Task.Delay(TimeSpan.FromSeconds(probe.InitialDelaySeconds), time, stop);
        quick &= probe.Exec is null; // a command costs more than a look at a port
        for (var last = time.GetTimestamp(); ;)
        {
            var result = await OnceAsync(probe, stop);
            // Between two tries that count there may be more that only count when they pass.
            var counts = result.Success || !quick || time.GetElapsedTime(last) >= period - Gap;
            if (counts)
            {
                last = time.GetTimestamp();
                if (!result.Success)
                    sink.Unhealthy($"{kind} probe failed: {result.Message}");
                yield return result;
            }

            quick &= !result.Success;
            await Task.Delay(quick && period > Gap ? Gap : period, time, stop);
        }
    }

    private async Task<ProbeResult> OnceAsync(Probe probe, CancellationToken stop)
    {
        var timeout = TimeSpan.FromSeconds(probe.TimeoutSeconds ?? 1);
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            return probe switch
            {
                { HttpGet: { } http } => await target.HttpGetAsync(http, container, either.Token),
                { TcpSocket: { } tcp } => await target.ConnectAsync(tcp, container, either.Token),
                { Grpc: { } grpc } => await target.CheckAsync(grpc, either.Token),
                { Exec: { } command } => await exec(command, either.Token) is { Code: not 0 } failed
                    ? ProbeResult.Fail(failed.Output.Length > 0 ? failed.Output : $"command exited with {failed.Code}") : ProbeResult.Pass,
                _ => ProbeResult.Pass,
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return ProbeResult.Fail($"no answer within {timeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            return ProbeResult.Fail(e.Message);
        }
        catch (Exception e) when (e is SocketException or IOException or UriFormatException)
        {
            return ProbeResult.Fail(e.Message);
        }
    }
}

/// <summary>Is told what probes find.</summary>
internal interface IProbeSink
{
    /// <summary>The startup probe has passed, or there is none.</summary>
    void Started();

    /// <summary>Whether the container takes requests.</summary>
    void Ready(bool ready);

    /// <summary>A single failure, for people.</summary>
    void Unhealthy(string message);

    /// <summary>A probe failed so often that the container is to be restarted.</summary>
    void Restart(string probe, long? graceSeconds);
}
