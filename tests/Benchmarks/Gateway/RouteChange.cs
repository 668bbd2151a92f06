using System.Diagnostics;
using Fleet.Benchmarks.Http;

namespace Fleet.Benchmarks.Gateway;

/// <summary>Changes of a route under load: each sends the route to the other of two backends, while as many requests as the proxy can take go through it.</summary>
internal static class RouteChange
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Measures it.</summary>
    /// <param name="generator">The load.</param>
    /// <param name="proxy">Whose routes change.</param>
    /// <param name="change">Makes the change; told the port that the route goes to from now on.</param>
    /// <param name="time">For how long there are changes.</param>
    /// <returns>For each change, milliseconds until it is served; and what the load saw, with the failures of those requests that ask for the change.</returns>
    public static async Task<(IReadOnlyList<double> Served, LoadResult Load)> MeasureAsync(H2Load generator, ServerUnderTest proxy, Func<int, Task> change, TimeSpan time, CancellationToken stop)
    {
        var load = generator.RunAsync(proxy.Http1, new(HttpProtocol.Http1, "switched/1k") { Connections = 16 }, time, stop);
        await Task.Delay(Pause, stop);
        using var http = new HttpClient();
        var which = new Uri(proxy.Http1, Backend.Which);
        var served = new List<double>();
        var failed = 0;
        var second = false;
        while (!load.IsCompleted)
        {
            second = !second;
            var began = Stopwatch.GetTimestamp();
            await change(second ? Backend.OtherPort : Backend.HttpPort);
            while (await AskAsync() != (second ? Backend.Second : Backend.First))
                await Task.Delay(1, stop);
            served.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(Pause, stop);
        }

        if (second)
            await change(Backend.HttpPort);
        var seen = await load;
        return (served, seen with { Failed = seen.Failed + failed });

        async Task<string?> AskAsync()
        {
            try
            {
                return await http.GetStringAsync(which, stop);
            }
            catch (HttpRequestException)
            {
                failed++;
                return null;
            }
        }
    }
}
