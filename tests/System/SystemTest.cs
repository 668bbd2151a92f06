using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>
/// The frame of a system test: the suite's control plane and stand-in node, a namespace of its own, and operators that end with it. A test fails as well
/// when an operator of its logged an error that <see cref="OperatorLog.Expect"/> was not told of; then, and when it fails otherwise, the end of the log
/// is part of its output.
/// </summary>
/// <param name="output">Where a test may write.</param>
public abstract class SystemTest(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>The suite's one stand-in node: the scheduler gives pods to any node there is, so two would share every test's pods.</summary>
    internal static readonly Lazy<Task<StandInNode>> SharedNode = new(async () => await StandInNode.StartAsync(await ControlPlane.SharedAsync()));

    private readonly List<OperatorProcess> _operators = [];
    private TestNamespace? _namespace;
    private ApiClient? _api;

    /// <summary>The control plane. Tests that stop a part of it are in the collection <see cref="Disturbing"/>.</summary>
    protected ControlPlane Cluster { get; private set; } = null!;

    /// <summary>The node on which every pod runs.</summary>
    protected StandInNode Node { get; private set; } = null!;

    /// <summary>kubectl with every permission, in the test's namespace.</summary>
    protected Kubectl Kubectl { get; private set; } = null!;

    /// <summary>A client with every permission.</summary>
    protected ApiClient Api => _api ?? throw new InvalidOperationException("not initialized");

    /// <summary>The test's own namespace.</summary>
    protected string Namespace => _namespace?.Name ?? throw new InvalidOperationException("not initialized");

    /// <summary>Where the test may write.</summary>
    protected ITestOutputHelper Output { get; } = output;

    /// <summary>As whom operators run when a test says nothing else.</summary>
    protected virtual string OperatorKubeconfig => Cluster.AdminKubeconfig;

    /// <inheritdoc/>
    public virtual async Task InitializeAsync()
    {
        Cluster = await ControlPlane.SharedAsync();
        Node = await SharedNode.Value;
        _api = Cluster.CreateClient();
        _namespace = await TestNamespace.CreateAsync(_api);
        Kubectl = Cluster.Kubectl(Namespace);
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        foreach (var process in _operators)
        {
            await process.DisposeAsync();
            foreach (var entry in process.Log.Entries.TakeLast(60))
                Output.WriteLine(entry.Line);
        }

        if (_namespace is not null)
            await _namespace.DisposeAsync();
        _api?.Dispose();
        foreach (var process in _operators)
            process.Log.AssertNoUnexpectedErrors();
    }

    /// <summary>Starts an operator for the test's namespace and returns once it is ready. It ends with the test.</summary>
    /// <param name="change">Changes how it is started.</param>
    protected async Task<OperatorProcess> StartOperatorAsync(Func<OperatorStart, OperatorStart>? change = null)
    {
        var process = LaunchOperator(change);
        await process.WaitReadyAsync();
        return process;
    }

    /// <summary>Starts an operator for the test's namespace without waiting for it. It ends with the test.</summary>
    /// <param name="change">Changes how it is started.</param>
    protected OperatorProcess LaunchOperator(Func<OperatorStart, OperatorStart>? change = null)
    {
        var options = new OperatorStart { Kubeconfig = OperatorKubeconfig, WatchNamespace = Namespace };
        var process = OperatorProcess.Start(change?.Invoke(options) ?? options);
        _operators.Add(process);
        return process;
    }
}

/// <summary>Tests that stop parts of the control plane: they run alone, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Disturbing
{
    /// <summary>The collection's name.</summary>
    public const string Name = "disturbing";
}
