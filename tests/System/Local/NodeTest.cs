using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.ApiServer;
using Fleet.Local.Processes;
using Fleet.Testing;
using Microsoft.Extensions.Logging;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Local;

/// <summary>The frame of a test of the local node: one of its own.</summary>
/// <param name="output">Where it may write.</param>
public abstract class NodeTest(ITestOutputHelper output) : SystemTest(output)
{
    private RunningNode? _node;

    /// <summary>The program that test pods run.</summary>
    internal static string Workload => RunningNode.Workload;

    /// <summary>The node.</summary>
    protected LocalNode Local => _node?.Node ?? throw new InvalidOperationException("not started");

    /// <summary>The node's name.</summary>
    protected string NodeName => RunningNode.NameIn(Namespace);

    /// <summary>The node's state folder.</summary>
    protected string StateFolder { get; } = Directory.CreateTempSubdirectory("fleet-node-").FullName;

    /// <summary>Starts the node; returns when the server has it.</summary>
    /// <param name="addresses">Its addresses; a range of its own when null.</param>
    /// <param name="programs">What images stand for; the checkout's programs when null.</param>
    protected async Task StartNodeAsync(LoopbackRange? addresses = null, IPrograms? programs = null) =>
        _node = await RunningNode.StartAsync(Cluster, Namespace, StateFolder, Output, addresses, programs);

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        try
        {
            if (_node is not null)
                await _node.DisposeAsync();
        }
        finally
        {
            Directory.Delete(StateFolder, recursive: true);
            await base.DisposeAsync();
        }
    }

    /// <summary>Creates a pod on the node.</summary>
    /// <param name="name">Its name; its label <c>app</c> too, up to the first dash.</param>
    /// <param name="container">Fields of its container, in YAML's flow style.</param>
    /// <param name="spec">More fields of its spec.</param>
    /// <param name="annotations">Its annotations.</param>
    protected async Task CreatePodAsync(string name, string container, string spec = "", string annotations = "") => await Kubectl.ApplyAsync(
        $$"""
        apiVersion: v1
        kind: Pod
        metadata: { name: {{name}}, labels: { app: {{name.Split('-')[0]}} }, annotations: { {{annotations}} } }
        spec: { nodeName: {{NodeName}}, automountServiceAccountToken: false, {{spec}}containers: [ { name: main, image: "example.com/none:1", {{container}} } ] }
        """);

    /// <summary>Waits until a pod is as wanted.</summary>
    protected Task<JsonNode> PodAsync(string name, Func<JsonNode, bool> wanted, TimeSpan? timeout = null) =>
        Eventually.That(() => Kubectl.GetJsonAsync($"pod/{name}"), wanted, timeout, p => p["status"]?.ToJsonString() ?? "", what: $"pod {name} is as wanted");

    /// <summary>Waits until a pod is ready.</summary>
    protected Task<JsonNode> ReadyPodAsync(string name) => PodAsync(name, p => IsReady(p));

    /// <summary>Waits until a pod is gone at the server.</summary>
    protected Task GoneAsync(string name) => Eventually.True(
        async () => await Api.FindAsync(Kinds.MetadataOf(Resources.Pods), Namespace, name, CancellationToken.None) is null, what: $"pod {name} is gone");

    /// <summary>What a container wrote.</summary>
    protected async Task<string?> LogAsync(string pod, LogQuery? query = null)
    {
        await using var stream = await Local.OpenAsync(Namespace, pod, query ?? new(), CancellationToken.None);
        return stream is null ? null : await new StreamReader(stream).ReadToEndAsync();
    }

    /// <summary>The processes that have this in their command line.</summary>
    protected static IReadOnlyList<int> ProcessesWith(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, CultureInfo.InvariantCulture, out _))
            .Select(n => int.Parse(n!, CultureInfo.InvariantCulture))
            .Where(id => CommandLine(id).Contains(text, StringComparison.Ordinal)),
    ];

    /// <summary>Whether a pod is ready by its status.</summary>
    protected static bool IsReady(JsonNode pod) => pod["status"]!["conditions"]?.AsArray().Any(c => (string?)c!["type"] == "Ready" && (string?)c["status"] == "True") == true;

    /// <summary>The status of a pod's only container.</summary>
    protected static JsonNode? StatusOf(JsonNode pod) => pod["status"]!["containerStatuses"]?[0];

    /// <summary>Why a pod's only container waits.</summary>
    protected static string? WaitingReason(JsonNode pod) => (string?)StatusOf(pod)?["state"]?["waiting"]?["reason"];

    /// <summary>How often a pod's only container was restarted.</summary>
    protected static int Restarts(JsonNode pod) => (int?)StatusOf(pod)?["restartCount"] ?? 0;

    /// <summary>The events about a pod: reason and message.</summary>
    protected async Task<IReadOnlyList<string>> EventsAsync(string pod) =>
    [
        .. (await Kubectl.GetJsonAsync("events"))["items"]!.AsArray().Where(e => (string?)e!["involvedObject"]!["name"] == pod)
            .Select(e => $"{e!["reason"]}: {e["message"]}"),
    ];

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

/// <summary>What a node logged.</summary>
internal sealed class NodeLog : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    /// <summary>The lines; each begins with its level.</summary>
    public IEnumerable<string> Lines => _lines;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    /// <inheritdoc/>
    public void Dispose()
    {
        // There is nothing to give back.
    }
}

/// <summary>How the tests, and all that they start, were built.</summary>
internal static class Built
{
    /// <summary>Debug or Release.</summary>
    public static string Configuration { get; } =
        ((System.Reflection.AssemblyConfigurationAttribute)typeof(Built).Assembly.GetCustomAttributes(typeof(System.Reflection.AssemblyConfigurationAttribute), false)[0]).Configuration;
}
