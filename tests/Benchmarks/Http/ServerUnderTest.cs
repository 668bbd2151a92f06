using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Fleet.Benchmarks.Measuring;
using Fleet.Testing;

namespace Fleet.Benchmarks.Http;

/// <summary>A server as a process, or several, on one processor.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ServerProcess _process;

    private ServerUnderTest(string name, Uri http1, Uri http2, int processor, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        (Name, Http1, Http2) = (name, http1, http2);
        _process = Cores.Start(processor, file, arguments, environment, line =>
        {
            _lines.Enqueue(line);
            if (_lines.Count > 100)
                _lines.TryDequeue(out _);
        });
    }

    /// <summary>What rows call it.</summary>
    public string Name { get; }

    /// <summary>Where it speaks HTTP/1.1.</summary>
    public Uri Http1 { get; }

    /// <summary>Where it speaks HTTP/2.</summary>
    public Uri Http2 { get; }

    /// <summary>What its processes have used.</summary>
    public ProcessUsage Usage => Tree(_process.Id).Select(ProcessUsage.Of).Aggregate((sum, next) => new(sum.Cpu + next.Cpu, sum.Resident + next.Resident, sum.Peak + next.Peak));

    /// <summary>Starts one and returns when it answers a request with 2xx.</summary>
    /// <param name="ready">What is asked.</param>
    /// <param name="version">Over what; HTTP/1.1 when null.</param>
    public static async Task<ServerUnderTest> StartAsync(
        string name, Uri http1, Uri http2, Uri ready, int processor, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment,
        Version? version = null)
    {
        var server = new ServerUnderTest(name, http1, http2, processor, file, arguments, environment);
        try
        {
            using var http = new HttpClient { DefaultRequestVersion = version ?? HttpVersion.Version11, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
            await Eventually.True(
                async () => server._process.HasExited || (await http.GetAsync(ready)).IsSuccessStatusCode, seen: () => string.Join('\n', server._lines.TakeLast(5)), what: $"{name} answers {ready}");
            return server._process.HasExited ? throw new InvalidOperationException($"{name} has ended with {server._process.ExitCode}:\n{string.Join('\n', server._lines)}") : server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a load goes.</summary>
    public Uri Of(HttpProtocol protocol) => protocol == HttpProtocol.Http1 ? Http1 : Http2;

    /// <inheritdoc cref="ServerProcess.SignalAsync"/>
    public Task SignalAsync(string signal) => _process.SignalAsync(signal);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Asked to, so that its own processes end with it.
        if (!_process.HasExited)
            await _process.TerminateAsync();
        await _process.DisposeAsync();
    }

    private static IEnumerable<int> Tree(int process) =>
        [process, .. File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(c => Tree(int.Parse(c, CultureInfo.InvariantCulture)))];
}
