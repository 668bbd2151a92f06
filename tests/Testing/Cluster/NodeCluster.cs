using System.Globalization;
using System.Net;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>
/// A real Kubernetes 1.20.2 on this machine with nodes that run containers, made by tests/Nodes/nodes. It ends with this process, however that ends. This machine reaches its
/// Services and pods by their own addresses; the pods reach nothing but each other and what listens on <see cref="Machine"/>.
/// </summary>
public sealed class NodeCluster : IAsyncDisposable
{
    private readonly string _directory;

    private NodeCluster(string directory, string kubeconfig)
    {
        (_directory, AdminKubeconfig) = (directory, kubeconfig);
        Machine = IPAddress.Parse(File.ReadLines(Path.Combine(directory, "settings")).First(l => l.StartsWith("machine=", StringComparison.Ordinal)).AsSpan("machine=".Length));
    }

    /// <summary>The kubeconfig of a user who may do everything.</summary>
    public string AdminKubeconfig { get; }

    /// <summary>This machine as the nodes and pods see it.</summary>
    public IPAddress Machine { get; }

    /// <summary>Starts one, empty. Gets what it is made of first, which the first time on a machine takes minutes.</summary>
    /// <param name="nodes">How many, <c>node-1</c> and so on; 4 at most. Node 1 has the cluster's DNS and is the way to Services: no test should do without it.</param>
    /// <exception cref="CommandFailedException">It cannot be had or did not start.</exception>
    public static async Task<NodeCluster> StartAsync(int nodes)
    {
        (await Command.RunAsync(Script("install"), [], timeout: TimeSpan.FromMinutes(40))).Succeeded();
        var directory = System.IO.Directory.CreateTempSubdirectory("fleet-nodes-").FullName;
        Guard.Nodes(directory);
        var up = await Command.RunAsync(Script("nodes"), ["up", nodes.ToString(CultureInfo.InvariantCulture), directory], timeout: TimeSpan.FromMinutes(5));
        return new(directory, up.Succeeded().Out.Trim());
    }

    /// <summary>Makes the images of the operator and the bundled programs from this checkout, as the chart names them by default.</summary>
    /// <returns>The archive with all of them, in a folder of the build's.</returns>
    public static async Task<string> MakeImagesAsync()
    {
        (await Command.RunAsync(Script("install"), [], timeout: TimeSpan.FromMinutes(40))).Succeeded();
        var archive = RepositoryRoot.Combine("tests", "Nodes", "obj", "images.tar");
        (await Command.RunAsync(Script("images"), [archive], timeout: TimeSpan.FromMinutes(15))).Succeeded();
        return archive;
    }

    /// <summary>Puts the images of an archive into every node.</summary>
    public Task LoadAsync(string archive) => RunAsync("load", _directory, archive);

    /// <summary>Ends a node as a power failure would.</summary>
    /// <param name="name">Its name, <c>node-3</c> for instance.</param>
    public Task KillNodeAsync(string name) => RunAsync("kill", Number(name), _directory);

    /// <summary>Starts a node that was killed, and returns when it is Ready. It has its images still, and no pods.</summary>
    /// <param name="name">Its name.</param>
    public Task StartNodeAsync(string name) => RunAsync("start", Number(name), _directory);

    /// <summary>A client of the API server with every permission.</summary>
    public ApiClient CreateClient() => new(ClusterConfig.Load(AdminKubeconfig), new ApiClientOptions { UserAgent = "fleet-test", FieldManager = "fleet-test" });

    /// <summary>kubectl with every permission.</summary>
    /// <param name="ns">The namespace it works in when a command names none.</param>
    public Kubectl Kubectl(string? ns = null) => new(AdminKubeconfig, Path.Combine(_directory, "kubectl-cache"), ns);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RunAsync("down", _directory);

    private static string Script(string name) => RepositoryRoot.Combine("tests", "Nodes", name);

    private static string Number(string node) => node["node-".Length..];

    private static async Task RunAsync(params string[] arguments) => (await Command.RunAsync(Script("nodes"), arguments, timeout: TimeSpan.FromMinutes(5))).Succeeded();
}
