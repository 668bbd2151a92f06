using Fleet.Benchmarks.Http;
using Fleet.Benchmarks.Report;

namespace Fleet.Benchmarks.Gateway;

/// <summary>Measures the three proxies in turns, and adds the rows.</summary>
internal sealed class GatewayMeasuring(BenchmarkRun run, H2Load generator, ServerUnderTest ours, ServerUnderTest nginx, ServerUnderTest haproxy, ServerUnderTest backend)
{
    private readonly int _turns = run.Quick ? 3 : 5;
    private readonly TimeSpan _turn = TimeSpan.FromMilliseconds(run.Quick ? 400 : 4000);

    /// <summary>Before all else, so that no load pays for another's. nginx and haproxy have nothing to compile: one short load opens their connections.</summary>
    public async Task WarmUpAsync(IReadOnlyList<HttpLoad> loads, HttpLoad ofOurs, CancellationToken stop)
    {
        await SideBySide.WarmUpAsync(generator, loads.Append(ofOurs).Select(l => new Side(ours, l)), stop);
        foreach (var (server, load) in loads.SelectMany(l => (Side[])[new(nginx, l), new(haproxy, l)]))
            await generator.RunAsync(server.Of(load.Protocol), load, TimeSpan.FromMilliseconds(300), stop);
    }

    /// <summary>One load, on all three.</summary>
    public async Task CompareAsync(string group, HttpLoad load, double least, CancellationToken stop)
    {
        var figures = await SideBySide.MeasureAsync(generator, [new(ours, load), new(nginx, load), new(haproxy, load)], _turns, _turn, stop);
        Compare(group, figures[0], figures[1], nginx.Name, least);
        Compare(group, figures[0], figures[2], haproxy.Name, null);
    }

    /// <summary>What each has in memory after all loads.</summary>
    public void Memory()
    {
        foreach (var other in (ServerUnderTest[])[nginx, haproxy])
            run.Add(Row("after all of these", "memory", Units.Mebibytes, ours.Usage.Resident, other.Usage.Resident, other.Name));
    }

    /// <summary>The backend without a proxy, where it stands: what no proxy can exceed here.</summary>
    public async Task BackendAloneAsync(string what, HttpLoad load, CancellationToken stop)
    {
        var figures = await SideBySide.MeasureAsync(generator, [new(backend, load)], 1, _turn, stop);
        run.Add(Row("the backend without a proxy", what, Units.PerSecond, figures[0].PerSecond, null, null) with { MoreIsBetter = true });
    }

    /// <summary>The same request with the token looked at and not.</summary>
    public async Task TokensAsync(HttpLoad without, HttpLoad with, CancellationToken stop)
    {
        var figures = await SideBySide.MeasureAsync(generator, [new(ours, with), new(ours, without)], _turns, _turn, stop);
        Compare("HTTP/1.1, 1 KB, tokens checked", figures[0], figures[1], "tokens not looked at", null);
    }

    private void Compare(string group, LoadFigures mine, LoadFigures other, string name, double? least)
    {
        run.Add(Row(group, "requests", Units.PerSecond, mine.PerSecond, other.PerSecond, name) with { MoreIsBetter = true, Target = least is { } l ? Target.RatioAtLeast(l) : null });
        run.Add(Row(group, "p50", Units.Milliseconds, mine.P50, other.P50, name) with { Target = Most() });
        run.Add(Row(group, "p99", Units.Milliseconds, mine.P99, other.P99, name) with { Target = Most() });
        run.Add(Row(group, "processor time of a request", Units.Microseconds, mine.CpuOfRequest, other.CpuOfRequest, name));

        Target? Most() => least is { } l ? Target.RatioAtMost(1 / l) : null;
    }

    private static Row Row(string group, string what, string unit, double value, double? other, string? name) =>
        new() { Family = "gateway", Group = group, What = what, Unit = unit, Ours = value, Other = other, OtherName = name };
}
