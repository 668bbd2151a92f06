using Fleet.Benchmarks.Measuring;

namespace Fleet.Benchmarks.Http;

/// <summary>What one server did under one load: medians of several turns.</summary>
/// <param name="PerSecond">Requests answered in a second.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="CpuOfRequest">Microseconds of processor time of all of its processes, for a request.</param>
internal sealed record LoadFigures(double PerSecond, double P50, double P99, double CpuOfRequest);

/// <summary>A server and what is sent to it.</summary>
internal sealed record Side(ServerUnderTest Server, HttpLoad Load);

/// <summary>Puts servers under load in turns, A B C A B C: what else the machine does, and how warm it is, hits all of them alike.</summary>
internal static class SideBySide
{
    // A turn of warming up, how many at most, how many without getting cheaper, and how many requests at least: on one processor the runtime compiles what is called often beside
    // the load, in two rounds, and the requests in between are the dearest.
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);
    private const int MostWarmUps = 40, SteadyWarmUps = 4, LeastRequests = 80_000;

    /// <summary>Puts each under load until its requests get no cheaper: by then the runtime has compiled what is called often, and caches are full.</summary>
    public static async Task WarmUpAsync(H2Load generator, IEnumerable<Side> sides, CancellationToken stop)
    {
        foreach (var side in sides)
        {
            var cost = double.MaxValue;
            var requests = 0;
            for (var (turn, steady) = (0, 0); turn < MostWarmUps && (steady < SteadyWarmUps || requests < LeastRequests); turn++)
            {
                var before = side.Server.Usage.Cpu;
                var answered = (await generator.RunAsync(side.Server.Of(side.Load.Protocol), side.Load, WarmUp, stop)).Answered;
                var next = (side.Server.Usage.Cpu - before).TotalMicroseconds / Math.Max(1, answered);
                steady = next < 0.95 * cost ? 0 : steady + 1;
                cost = Math.Min(cost, next);
                requests += answered;
            }
        }
    }

    /// <summary>Measures all sides.</summary>
    /// <param name="generator">The load.</param>
    /// <param name="sides">Whom, each with a load of its own; ours first.</param>
    /// <param name="turns">How often each.</param>
    /// <param name="time">How long a turn is.</param>
    /// <returns>The figures, in the order of the sides.</returns>
    public static async Task<IReadOnlyList<LoadFigures>> MeasureAsync(H2Load generator, IReadOnlyList<Side> sides, int turns, TimeSpan time, CancellationToken stop)
    {
        var seen = sides.Select(_ => new List<LoadFigures>()).ToList();
        for (var turn = 0; turn < turns; turn++)
        {
            for (var i = 0; i < sides.Count; i++)
                seen[i].Add(await TurnAsync(generator, sides[i], time, attempts: i == 0 ? 1 : 3, stop));
        }

        return [.. seen.Select(of => new LoadFigures(Median(of, f => f.PerSecond), Median(of, f => f.P50), Median(of, f => f.P99), Median(of, f => f.CpuOfRequest)))];
    }

    // A request that ours fails is a fault. One that what it is compared with fails is not measured: that turn is taken again.
    private static async Task<LoadFigures> TurnAsync(H2Load generator, Side side, TimeSpan time, int attempts, CancellationToken stop)
    {
        var before = side.Server.Usage.Cpu;
        var result = await generator.RunAsync(side.Server.Of(side.Load.Protocol), side.Load, time, stop);
        if (result.Failed > 0 && attempts > 1)
            return await TurnAsync(generator, side, time, attempts - 1, stop);
        if (result.Failed > 0 || result.Answered == 0)
            throw new InvalidOperationException($"{side.Server.Name} failed {result.Failed} requests of {result.Answered}: {side.Load}");
        return new(result.PerSecond, result.P50, result.P99, (side.Server.Usage.Cpu - before).TotalMicroseconds / result.Answered);
    }

    private static double Median(IEnumerable<LoadFigures> of, Func<LoadFigures, double> figure) => Percentiles.Of(of.Select(figure), 0.5);
}
