using System.Reflection;

namespace Fleet.Testing;

/// <summary>How an operator is started.</summary>
public sealed record OperatorStart
{
    /// <summary>As whom, and where its API server is.</summary>
    public required string Kubeconfig { get; init; }

    /// <summary>The one namespace it works in; null means all.</summary>
    public string? WatchNamespace { get; init; }

    /// <summary>Where its lease is; the watched namespace, else <c>default</c>, when null.</summary>
    public string? LeaseNamespace { get; init; }

    /// <summary>False: works at once, without a lease.</summary>
    public bool LeaderElect { get; init; } = true;

    /// <summary>The program; <see cref="OperatorProcess.Program"/> when null.</summary>
    public string? Program { get; init; }

    /// <summary>More arguments of <c>fleet run</c>, one by one.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables to set, or to take away where the value is null.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}

/// <summary>The real <c>fleet run</c> as a process of its own. It is killed when disposed, and when this process ends in whatever way.</summary>
public sealed class OperatorProcess : IAsyncDisposable
{
    // So long that only an operator that hangs is given up.
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    private readonly ServerProcess _process;

    private OperatorProcess(ServerProcess process, OperatorLog log) => (_process, Log) = (process, log);

    /// <summary>The built command line program.</summary>
    public static string Program { get; } = RepositoryRoot.Combine(
        "operator", "Cli", "bin", typeof(OperatorProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration, "net10.0", "fleet.dll");

    /// <summary>The host that runs it.</summary>
    public static string DotNet { get; } = System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>What it has logged.</summary>
    public OperatorLog Log { get; }

    /// <summary>Where it serves its health and metrics: a free port, which it tells in its log. Null until it has.</summary>
    public Uri? Health => Log.Entries.Select(e => e.Value("Port")).FirstOrDefault(p => p is not null) is { } port ? new Uri($"http://127.0.0.1:{port}") : null;

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit code of a process that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts one and returns without waiting for it.</summary>
    public static OperatorProcess Start(OperatorStart options)
    {
        var program = options.Program ?? Program;
        if (!File.Exists(program))
            throw new FileNotFoundException($"{program} is not built: dotnet build operator/Cli, or ./test");
        List<string> arguments =
        [
            "run", "--kubeconfig", options.Kubeconfig, "--health-port", "0", "--log-format", "json",
            "--leader-elect=" + (options.LeaderElect ? "true" : "false"),
            "--lease-namespace", options.LeaseNamespace ?? options.WatchNamespace ?? "default",
        ];
        if (options.WatchNamespace is { } ns)
            arguments.AddRange(["--watch-namespace", ns]);
        arguments.AddRange(options.Arguments);

        // What the machine's user has set must not reach the operator under test.
        var environment = System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(n => n is "KUBECONFIG" || n.StartsWith("FLEET_", StringComparison.Ordinal))
            .ToDictionary(n => n, _ => (string?)null, StringComparer.Ordinal);
        foreach (var (name, value) in options.Environment)
            environment[name] = value;

        var log = new OperatorLog();
        return Path.GetExtension(program) == ".dll"
            ? new(ServerProcess.Start(DotNet, [program, .. arguments], environment, log.Add), log)
            : new(ServerProcess.Start(program, arguments, environment, log.Add), log);
    }

    /// <summary>Starts one and returns once it says that it is ready.</summary>
    /// <exception cref="TimeoutException">It did not become ready; the message has its last log lines.</exception>
    public static async Task<OperatorProcess> StartReadyAsync(OperatorStart options)
    {
        var self = Start(options);
        try
        {
            await self.WaitReadyAsync();
            return self;
        }
        catch
        {
            await self.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns once it says that it is ready.</summary>
    /// <exception cref="TimeoutException">It did not become ready or has ended; the message has its last log lines.</exception>
    public async Task WaitReadyAsync(TimeSpan? timeout = null)
    {
        await Eventually.True(
            async () => HasExited || await IsReadyAsync(),
            timeout,
            () => string.Join('\n', Log.Entries.TakeLast(10)),
            "the operator is ready");
        if (HasExited)
            throw new TimeoutException($"the operator ended with {ExitCode}:\n{string.Join('\n', Log.Entries.TakeLast(10))}");
    }

    /// <summary>Whether it says that it is ready: its caches are settled and it leads.</summary>
    public async Task<bool> IsReadyAsync()
    {
        if (Health is not { } health)
            return false;
        using var answer = await Http.GetAsync(new Uri(health, "/healthz/ready"));
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Its metrics, by name and labels as Prometheus' text format writes them: <c>fleet_leader</c>, <c>fleet_reconcile_total{outcome="settled"}</c>.</summary>
    public async Task<IReadOnlyDictionary<string, double>> MetricsAsync()
    {
        var health = Health ?? throw new InvalidOperationException("the operator does not serve metrics yet");
        var text = await Http.GetStringAsync(new Uri(health, "/metrics"));
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .ToDictionary(
                line => line[..line.LastIndexOf(' ')],
                line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <inheritdoc cref="ServerProcess.KillAsync"/>
    public Task KillAsync() => _process.KillAsync();

    /// <inheritdoc cref="ServerProcess.SignalAsync"/>
    public Task SignalAsync(string signal) => _process.SignalAsync(signal);

    /// <inheritdoc cref="ServerProcess.TerminateAsync"/>
    public Task<int> TerminateAsync(TimeSpan? timeout = null) => _process.TerminateAsync(timeout);

    /// <inheritdoc cref="ServerProcess.WaitForExitAsync"/>
    public Task WaitForExitAsync(TimeSpan? timeout = null) => _process.WaitForExitAsync(timeout);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
