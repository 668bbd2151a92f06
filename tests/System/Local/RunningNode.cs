using Fleet.Kubernetes;
using Fleet.Local.Processes;
using Fleet.Testing;
using Microsoft.Extensions.Logging;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Local;

/// <summary>A local node in this process, beside the suite's stand-in: it only runs pods that name it. It and all that it runs end when it is disposed.</summary>
public sealed class RunningNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly NodeLog _log = new();
    private readonly LoggerFactory _logs;
    private readonly ApiClient _api;
    private readonly LoopbackRange _addresses;
    private readonly ITestOutputHelper _output;
    private readonly Kubectl _kubectl;
    private readonly string _name;
    private readonly Task _running;

    private RunningNode(ControlPlane cluster, string ns, string stateFolder, LoopbackRange? addresses, IPrograms? programs, ITestOutputHelper output)
    {
        (_name, _output, _kubectl) = (NameIn(ns), output, cluster.Kubectl(ns));
        _logs = new([_log]);
        _addresses = addresses ?? LoopbackRange.Claim();
        _api = cluster.CreateClient("local-node");
        var options = new NodeOptions
        {
            Name = _name, Directory = stateFolder, Programs = programs ?? new CheckoutPrograms(RepositoryRoot.Directory, Built.Configuration), Addresses = _addresses,
            BindsPods = false, BindsClaims = false, IsSchedulable = false,
        };
        Node = new LocalNode(_api, options, TimeProvider.System, _logs);
        _running = Node.RunAsync(_stop.Token);
    }

    /// <summary>The program that test pods run.</summary>
    public static string Workload { get; } = RepositoryRoot.Combine("tests", "NodeHost", "bin", Built.Configuration, "net10.0", "Fleet.NodeHost.dll");

    /// <summary>The node itself.</summary>
    public LocalNode Node { get; }

    /// <summary>What the node of a namespace's tests is called.</summary>
    public static string NameIn(string ns) => $"local-{ns}";

    /// <summary>Starts one; returns when the server has it.</summary>
    /// <param name="cluster">The cluster it joins.</param>
    /// <param name="ns">The test's namespace, after which it is named.</param>
    /// <param name="stateFolder">The folder of its state, which stays.</param>
    /// <param name="output">Where its log goes in the end.</param>
    /// <param name="addresses">Its addresses; a range of its own when null.</param>
    /// <param name="programs">What images stand for; the checkout's programs when null.</param>
    public static async Task<RunningNode> StartAsync(
        ControlPlane cluster, string ns, string stateFolder, ITestOutputHelper output, LoopbackRange? addresses = null, IPrograms? programs = null)
    {
        var node = new RunningNode(cluster, ns, stateFolder, addresses, programs, output);
        await node.Node.Registered.WaitAsync(Eventually.Patience);
        return node;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        foreach (var line in _log.Lines)
            _output.WriteLine(line);
        _logs.Dispose();
        _addresses.Dispose();
        _api.Dispose();
        _stop.Dispose();
        // Nobody would end pods of a node that is gone.
        await _kubectl.RunAsync(["delete", "pods", "--field-selector", $"spec.nodeName={_name}", "--grace-period=0", "--force", "--wait=false"]);
        await _kubectl.RunAsync($"delete node {_name} --ignore-not-found");
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }
}
