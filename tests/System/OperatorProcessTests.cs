using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>How the operator's process starts and ends.</summary>
public class OperatorProcessTests(ITestOutputHelper output) : AppTest(output)
{
    [Fact]
    public async Task It_becomes_ready_tells_its_metrics_and_ends_well_on_SIGTERM()
    {
        var process = await StartOperatorAsync();
        await Eventually.That(process.MetricsAsync, metrics => metrics.GetValueOrDefault("fleet_leader") == 1, describe: m => string.Join('\n', m));
        Assert.Equal(0, await process.TerminateAsync());
    }

    [Fact]
    public async Task After_SIGKILL_a_new_one_becomes_ready()
    {
        var first = await StartOperatorAsync();
        await first.KillAsync();
        Assert.True(first.HasExited);
        await StartOperatorAsync();
    }
}
