using System.Collections.Concurrent;
using System.Reflection;
using Fleet.Testing;

namespace Fleet.ServiceTests;

/// <summary>One of the four programs as a process of its own, with the environment that its pod would have. It can be killed and started again.</summary>
/// <param name="name">auth, users, orders or gateway.</param>
/// <param name="environment">Its variables; LISTEN_ADDRESS among them.</param>
public sealed class ServiceProgram(string name, IReadOnlyDictionary<string, string?> environment) : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private static readonly string Configuration = typeof(ServiceProgram).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private readonly ConcurrentQueue<string> _log = new();
    private ServerProcess? _process;

    /// <summary>What it has written.</summary>
    public IEnumerable<string> Log => _log;

    /// <summary>Where its health and metrics are.</summary>
    public Uri Management { get; } = new($"http://{environment["LISTEN_ADDRESS"]}:{environment["MANAGEMENT_PORT"]}/");

    /// <summary>Starts it, and returns when it is ready.</summary>
    public async Task StartAsync()
    {
        var project = char.ToUpperInvariant(name[0]) + name[1..];
        var assembly = RepositoryRoot.Combine("services", project, "bin", Configuration, "net10.0", $"Fleet.{project}.dll");
        _process = ServerProcess.Start(OperatorProcess.DotNet, [assembly], environment, _log.Enqueue);
        await WaitReadyAsync();
    }

    /// <summary>Returns when it says that it is ready.</summary>
    public async Task WaitReadyAsync()
    {
        await Eventually.True(async () => _process!.HasExited || (await ReadyAsync()).Ready, seen: () => string.Join('\n', _log.TakeLast(10)), what: $"{name} is ready");
        if (_process!.HasExited)
            throw new InvalidOperationException($"{name} has ended with {_process.ExitCode}:\n{string.Join('\n', _log.TakeLast(20))}");
    }

    /// <summary>What it says of its readiness.</summary>
    public async Task<(bool Ready, string Details)> ReadyAsync()
    {
        using var answer = await Http.GetAsync(new Uri(Management, "healthz/ready"));
        return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Its metrics, as text.</summary>
    public Task<string> MetricsAsync() => Http.GetStringAsync(new Uri(Management, "metrics"));

    /// <summary>Its resident memory in bytes.</summary>
    public long Memory()
    {
        var line = File.ReadLines($"/proc/{_process!.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Kills it as a crash would.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>Asks it to end, as Kubernetes does; returns the exit code.</summary>
    public Task<int> TerminateAsync() => _process!.TerminateAsync();

    /// <summary>Stops or continues it, as one that hangs.</summary>
    public Task SignalAsync(string signal) => _process!.SignalAsync(signal);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
