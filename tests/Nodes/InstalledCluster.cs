using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.NodeTests;

/// <summary>Three nodes with the images of this checkout, and the operator on them as helm installs it, with every value as it is by default.</summary>
public sealed class InstalledCluster : IAsyncLifetime
{
    /// <summary>The namespace of the release.</summary>
    public const string OperatorNamespace = "fleet-system";

    // What helm 4 has to be told of a server before 1.25, which does not know the CRD's rules.
    internal static readonly string[] Compatible = ["--server-side=false", "--disable-openapi-validation"];

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("fleet-helm-");
    private NodeCluster? _nodes;

    /// <summary>The cluster.</summary>
    public NodeCluster Nodes => _nodes ?? throw new InvalidOperationException("not initialized");

    /// <summary>The operator's pods as helm found them Ready.</summary>
    public IReadOnlyList<JsonNode> Operators { get; private set; } = [];

    /// <summary>Runs helm in the release's namespace.</summary>
    public Task<string> HelmAsync(params string[] arguments) => new Helm(Nodes.AdminKubeconfig, OperatorNamespace).RunAsync(_home.FullName, arguments);

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        var making = NodeCluster.MakeImagesAsync();
        try
        {
            _nodes = await NodeCluster.StartAsync(3);
        }
        finally
        {
            await making.ContinueWith(static _ => { }, TaskScheduler.Default); // nothing is left behind
        }

        await Nodes.LoadAsync(await making);
        await HelmAsync(["install", Chart.Release, Chart.Operator, "--create-namespace", .. Compatible, "--wait", "--timeout", "110s"]);
        Operators = [.. (await Nodes.Kubectl(OperatorNamespace).GetJsonAsync("pods", "--selector", $"app.kubernetes.io/instance={Chart.Release}"))["items"]!.AsArray().OfType<JsonNode>()];
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_nodes is not null)
            await _nodes.DisposeAsync();
        _home.Delete(recursive: true);
    }
}

/// <summary>All tests share one cluster, and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OnNodes : ICollectionFixture<InstalledCluster>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "on nodes";
}
