using System.Globalization;
using System.Text.RegularExpressions;
using Fleet.Benchmarks.Measuring;
using Fleet.Testing;

namespace Fleet.Benchmarks.Http;

/// <summary>What a load saw.</summary>
/// <param name="PerSecond">Requests that were answered in a second.</param>
/// <param name="P50">Milliseconds from a request to the end of its answer; no number when none was answered.</param>
/// <param name="P99">The same.</param>
/// <param name="Answered">How many were answered.</param>
/// <param name="Failed">How many got no answer, or another than 2xx.</param>
internal sealed record LoadResult(double PerSecond, double P50, double P99, int Answered, int Failed);

/// <summary>h2load, on its processor. It keeps a line for each request, so percentiles are of all of them.</summary>
internal sealed partial class H2Load(DebianTools tools, string folder)
{
    private int _runs;

    /// <summary>Puts a server under load for a while.</summary>
    /// <param name="server">Its address, without a path.</param>
    /// <param name="load">What is sent.</param>
    /// <param name="time">For how long, in whole milliseconds.</param>
    public async Task<LoadResult> RunAsync(Uri server, HttpLoad load, TimeSpan time, CancellationToken stop)
    {
        var log = Path.Combine(folder, $"load-{Interlocked.Increment(ref _runs)}.tsv");
        try
        {
            string[] arguments =
            [
                "--cpu-list", $"{Cores.Load}", tools.H2Load, .. load.Protocol == HttpProtocol.Http1 ? (string[])["--h1"] : [],
                "--clients", $"{load.Connections}", "--max-concurrent-streams", $"{load.Streams}", "--threads", "1", "--duration", $"{time.TotalMilliseconds:0}ms", "--log-file", log,
                .. load.Headers.SelectMany(h => (string[])["--header", h]), .. load.Body is { } body ? (string[])["--data", body] : [], new Uri(server, load.Path).AbsoluteUri,
            ];
            var output = (await Command.RunAsync("taskset", arguments, environment: tools.Environment, timeout: time + TimeSpan.FromMinutes(1), stop: stop)).Succeeded().Out;
            double[] times = [.. File.ReadLines(log).Select(l => double.Parse(l.AsSpan(l.LastIndexOf('\t') + 1), CultureInfo.InvariantCulture) / 1000)];
            var counts = Requests().Match(output);
            // "Failed" are those with a status other than 2xx as well as those without an answer.
            var failed = Number(counts.Groups["failed"]) + Number(counts.Groups["errored"]) + Number(counts.Groups["timeout"]);
            return new(double.Parse(PerSecond().Match(output).Groups["rate"].ValueSpan, CultureInfo.InvariantCulture), times is [] ? double.NaN : Percentiles.Of(times, 0.5), times is [] ? double.NaN : Percentiles.Of(times, 0.99), times.Length, failed);
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"finished in .*?, (?<rate>[\d.]+) req/s", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PerSecond();

    [GeneratedRegex(@"requests: .* (?<failed>\d+) failed, (?<errored>\d+) errored, (?<timeout>\d+) timeout", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Requests();
}
