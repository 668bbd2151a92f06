using Fleet.Benchmarks.Measuring;
using Fleet.Runtime;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>The operator as it is published, at work on a cluster.</summary>
internal sealed class MeasuredOperator : IAsyncDisposable
{
    private readonly OperatorProcess _process;

    private MeasuredOperator(OperatorProcess process, DateTimeOffset started) => (_process, Started) = (process, started);

    /// <summary>How the audit log shows it.</summary>
    public const string Agent = "fleet-operator/";

    /// <summary>When its process was started.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>What it has used so far.</summary>
    public ProcessUsage Usage => ProcessUsage.Of(_process.Id);

    /// <summary>Starts one, without waiting for it.</summary>
    public static async Task<MeasuredOperator> LaunchAsync(BenchCluster cluster, BenchmarkRun run)
    {
        var program = await Published.ProgramAsync("operator/Cli", "fleet", run);
        var started = DateTimeOffset.UtcNow;
        return new(OperatorProcess.Start(new() { Kubeconfig = cluster.Plane.AdminKubeconfig, Program = program }), started);
    }

    /// <summary>Starts one and returns when it leads and its caches are settled.</summary>
    public static async Task<MeasuredOperator> StartAsync(BenchCluster cluster, BenchmarkRun run)
    {
        var self = await LaunchAsync(cluster, run);
        await self._process.WaitReadyAsync();
        return self;
    }

    /// <summary>Returns once it has nothing to do and has asked for nothing over a second.</summary>
    public async Task IdleAsync(TimeSpan? timeout = null)
    {
        var before = -1.0;
        await Eventually.True(
            async () =>
            {
                var metrics = await _process.MetricsAsync();
                var requests = metrics.Where(m => m.Key.StartsWith("fleet_api_requests_total", StringComparison.Ordinal) || m.Key.StartsWith("fleet_reconcile_total", StringComparison.Ordinal)).Sum(m => m.Value);
                var idle = metrics["fleet_queue_depth"] == 0 && requests - before < 2; // the lease is renewed every 2 s
                before = requests;
                if (!idle)
                    await Task.Delay(TimeSpan.FromSeconds(1));
                return idle;
            },
            timeout ?? TimeSpan.FromMinutes(5));
    }

    /// <summary>Returns when it has been idle for so long that it has given back the memory that it does not need.</summary>
    public async Task RestAsync()
    {
        await IdleAsync();
        await Task.Delay(3 * IdleHeap.Interval); // time itself is what is waited for
    }

    /// <summary>Ends it as Kubernetes does.</summary>
    public Task StopAsync() => _process.TerminateAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _process.DisposeAsync();
}
