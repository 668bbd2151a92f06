using System.Collections.Concurrent;
using System.Globalization;
using Fleet.Testing;

namespace Fleet.SystemTests.Up;

/// <summary>A real <c>fleet up</c> as a process, with a state folder and a port of its own. Disposing kills it, and says what was left running.</summary>
internal sealed class RunningFleet : IAsyncDisposable
{
    // With it the first page ends.
    private const string LastLine = "(operator, API server)";

    private readonly ConcurrentQueue<string> _lines = new();
    private ServerProcess? _process;

    private RunningFleet(string folder, int port) => (Folder, Port) = (folder, port);

    /// <summary>A folder of the test's own; the state is below it.</summary>
    public string Folder { get; }

    /// <summary>The port of 127.0.0.1 at which the gateway is wanted.</summary>
    public int Port { get; }

    /// <summary>Where the gateway is.</summary>
    public Uri Gateway => new($"http://127.0.0.1:{Port}");

    /// <summary>The state folder.</summary>
    public string State => Path.Combine(Folder, "state");

    /// <summary>The process.</summary>
    public ServerProcess Process => _process ?? throw new InvalidOperationException("not started");

    /// <summary>What it wrote so far.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>kubectl against it.</summary>
    public Kubectl Kubectl => new(Path.Combine(State, "kubeconfig"), Path.Combine(Folder, "kubectl-cache"), null);

    /// <summary>A fleet that is not started yet.</summary>
    public static RunningFleet Prepare() => new(Directory.CreateTempSubdirectory("fleet-up-").FullName, FreePort.Take());

    /// <summary>Writes a file beside the state, and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Starts it; returns once it has printed a table.</summary>
    public async Task<IReadOnlyList<string>> UpAsync(params string[] arguments)
    {
        _lines.Clear();
        // Whoever runs the tests in the background has Ctrl-C ignored for all that they start.
        _process = ServerProcess.Start("env", ["--default-signal=INT", OperatorProcess.DotNet, OperatorProcess.Program, "up", .. Common(), .. arguments], new Dictionary<string, string?> { ["KUBECONFIG"] = null }, _lines.Enqueue);
        await Eventually.True(() => _process.HasExited || _lines.Any(l => l.EndsWith(LastLine, StringComparison.Ordinal)), TimeSpan.FromMinutes(2), Seen, "the table and all around it is printed");
        return Lines;
    }

    /// <summary>Runs another command of the program on the same state.</summary>
    public static Task<CommandResult> FleetAsync(params string[] arguments) =>
        Command.RunAsync(OperatorProcess.DotNet, [OperatorProcess.Program, .. arguments], timeout: TimeSpan.FromMinutes(2));

    /// <summary>The options that say where.</summary>
    public IReadOnlyList<string> Common() => ["--state", State, "--port", Port.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Waits until it has printed a line.</summary>
    public Task SaysAsync(string part) => Eventually.True(() => _lines.Any(l => l.Contains(part, StringComparison.Ordinal)), seen: Seen, what: $"it says {part}");

    /// <summary>The row of a service in the last table it printed; null when there is none.</summary>
    public string[]? Row(string service)
    {
        var lines = Lines;
        var last = lines.Index().Last(l => l.Item.StartsWith("NAME ", StringComparison.Ordinal)).Index;
        return lines.Skip(last).TakeWhile(l => l.Length > 0).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(cells => cells[0] == service);
    }

    /// <summary>Waits until the row of a service is as wanted.</summary>
    public Task RowAsync(string service, Func<string[]?, bool> wanted) => Eventually.True(() => wanted(Row(service)), seen: Seen, what: $"the row of {service} is as wanted");

    /// <summary>The processes that have the state folder on their command line or in their environment: everything it started.</summary>
    public IReadOnlyList<int> Processes() =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, CultureInfo.InvariantCulture))
            .Where(pid => pid != Environment.ProcessId && Mentions(pid)),
    ];

    /// <summary>A process that has a program on its command line and a variable in its environment.</summary>
    public int ProcessOf(string program, string variable) =>
        Processes().First(pid => Read(pid, "cmdline").Contains(program, StringComparison.Ordinal) && Read(pid, "environ").Contains(variable, StringComparison.Ordinal));

    /// <summary>Waits until nothing that it started is left. The guard, which sees to that, is the last to end: after the program itself.</summary>
    public Task NothingLeftAsync() => Eventually.True(() => Processes().Count == 0, seen: () => string.Join(' ', Processes()), what: "nothing is left running");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        // One in the background outlives a test that failed; what that test says is not to be hidden by it.
        if (Directory.Exists(State))
            await FleetAsync("down", "--state", State);
        await NothingLeftAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private string Seen() => string.Join('\n', _lines);

    private bool Mentions(int pid) => Read(pid, "cmdline").Contains(State, StringComparison.Ordinal) || Read(pid, "environ").Contains(State, StringComparison.Ordinal);

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // ended meanwhile, or somebody else's
        }
    }
}
