using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>What is looked at every second: the memory and processors that pods use, and whether a program was built anew.</summary>
internal sealed partial class Housekeeping(PodTable pods, ProgramCopies programs, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private Dictionary<int, GroupUsage> _before = [];
    private long _beforeAt;

    /// <summary>What each pod uses.</summary>
    public IReadOnlyList<PodUsage> Usage { get; private set; } = [];

    /// <summary>Looks until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _beforeAt = time.GetTimestamp();
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                Try(Measure);
                Try(LookForBuilds);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private void Measure()
    {
        var runs = pods.Workers.SelectMany(w => w.Containers.Select(c => (Worker: w, c.Run))).Where(r => r.Run?.ProcessId is not null).ToList();
        var now = ProcessTable.Read([.. runs.Select(r => r.Run!.ProcessId).OfType<int>()]);
        var (at, elapsed) = (time.GetTimestamp(), time.GetElapsedTime(_beforeAt).TotalSeconds);
        var usage = new Dictionary<PodWorker, (double Cpu, long Memory)>();
        foreach (var (worker, run) in runs)
        {
            if (run!.ProcessId is not { } id || !now.TryGetValue(id, out var used))
                continue;
            run.Measured(used.Memory);
            var cpu = _before.TryGetValue(id, out var was) && elapsed > 0 ? Math.Max(0, (used.Cpu - was.Cpu).TotalSeconds / elapsed) : 0;
            var sum = usage.GetValueOrDefault(worker);
            usage[worker] = (sum.Cpu + cpu, sum.Memory + used.Memory);
        }

        Usage = [.. pods.Workers.Select(w => new PodUsage(
            w.Pod.Metadata.Namespace ?? "", w.Pod.Metadata.Name, usage.GetValueOrDefault(w).Cpu, usage.GetValueOrDefault(w).Memory,
            w.Containers.Sum(c => c.Snapshot.Restarts)))];
        (_before, _beforeAt) = (new(now), at);
    }

    // Files and processes come and go while they are looked at, those of a build above all: the next second sees more.
    private void Try(Action look)
    {
        try
        {
            look();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotRead(logger, Failures.Describe(e));
        }
    }

    private void LookForBuilds()
    {
        var runs = pods.Workers.SelectMany(w => w.Containers).Select(c => c.Run).Where(r => r is { Copy: not null, ProcessId: not null }).ToList();
        foreach (var builds in runs.GroupBy(r => r!.Copy!))
        {
            if (programs.NewerThan(builds.Key) is null)
                continue;
            foreach (var run in builds)
                run!.Replace();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "it cannot be read now: {Failure}")]
        public static partial void NotRead(ILogger logger, string failure);
    }
}
