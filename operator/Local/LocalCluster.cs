using System.Net;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Local.ApiServer;
using Fleet.Local.Controllers;
using Fleet.Local.Processes;
using Microsoft.Extensions.Logging;

namespace Fleet.Local;

/// <summary>How a cluster on this machine is made.</summary>
public sealed record LocalClusterOptions
{
    /// <summary>The folder of its state: the kubeconfig, logs, volumes. One cluster at a time may use it.</summary>
    public required string Directory { get; init; }

    /// <summary>Which images stand for programs.</summary>
    public required IPrograms Programs { get; init; }

    /// <summary>What the operator takes the bundled images for.</summary>
    public required OperatorSettings Settings { get; init; }

    /// <summary>Ports of 127.0.0.1 for the Services that are to be reached there.</summary>
    public IReadOnlyDictionary<ServicePortName, int>? WantedPorts { get; init; }

    /// <summary>Where commands of pods start.</summary>
    public required string WorkingDirectory { get; init; }
}

/// <summary>
/// A whole cluster in this process: the embedded API server, its controllers, a node that runs pods as processes, and the operator as it runs anywhere.
/// They meet at the API server alone, each with a client of its own.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private const int UsualPort = 6443;
    private const int ServiceAddresses = (1 << 15) - 2;

    private readonly LocalApiServer _server;
    private readonly LoopbackRange _addresses;
    private readonly List<ApiClient> _clients = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _parts = [];

    private LocalCluster(LocalApiServer server, LoopbackRange addresses, string kubeconfig) => (_server, _addresses, Kubeconfig) = (server, addresses, kubeconfig);

    /// <summary>The path of the kubeconfig; only its owner may read it.</summary>
    public string Kubeconfig { get; }

    /// <summary>The API server's address.</summary>
    public Uri Server => _server.Address;

    /// <summary>The node: where Services are reached, what pods use, where their logs are.</summary>
    public LocalNode Node { get; private set; } = null!;

    /// <summary>Completes when a part of it ended that should not have; its failure is the part's.</summary>
    public Task Failed { get; private set; } = Task.CompletedTask;

    /// <summary>Starts one and returns when the definition of apps is served and the node is there.</summary>
    /// <exception cref="IOException">The folder is in use by another cluster.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken stop)
    {
        System.IO.Directory.CreateDirectory(options.Directory);
        var addresses = LoopbackRange.Claim();
        LocalCluster? cluster = null;
        var server = await ListenAsync(
            new()
            {
                Address = addresses.Node,
                Port = UsualPort,
                ServiceAddress = n => ServiceAddress(addresses, n),
                PodLogs = () => cluster?.Node,
            },
            time, logs, stop);
        cluster = new(server, addresses, Path.Combine(options.Directory, "kubeconfig"));
        try
        {
            await cluster.RunAsync(options, time, logs, stop);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client with every permission; disposed with the cluster.</summary>
    /// <param name="name">How it is known to the server: the field manager of what it writes.</param>
    public ApiClient Connect(string name)
    {
        var client = new ApiClient(ClusterConfig.Load(Kubeconfig), new() { UserAgent = name, FieldManager = name });
        _clients.Add(client);
        return client;
    }

    /// <summary>Ends the processes first, then everything else.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var part in _parts)
            await part.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        foreach (var client in _clients)
            client.Dispose();
        await _server.DisposeAsync();
        _addresses.Dispose();
        File.Delete(Kubeconfig);
        _stop.Dispose();
    }

    private async Task RunAsync(LocalClusterOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken stop)
    {
        await WritePrivatelyAsync(Kubeconfig, _server.Kubeconfig, stop);
        var api = Connect("fleet-local");
        Node = new(
            api,
            new()
            {
                Directory = Path.Combine(options.Directory, "node"),
                Programs = options.Programs,
                Addresses = _addresses,
                WantedPorts = options.WantedPorts,
                WorkingDirectory = options.WorkingDirectory,
            },
            time, logs);
        await api.ApplyAsync(KubeObject.From(Resources.CustomResourceDefinitions, (JsonObject)Yaml.ParseOne(Crd.ToYaml())), stop);

        var operatorHost = new OperatorHost(
            ClusterConfig.Load(Kubeconfig),
            new() { Settings = options.Settings, LeaderElect = false, LeaseNamespace = "kube-system", Identity = "fleet-local", HealthPort = 0 },
            time, logs);
        _parts.Add(Node.RunAsync(_stop.Token));
        _parts.Add(new LocalControllers(api, time, logs).RunAsync(_stop.Token));
        _parts.Add(operatorHost.RunAsync(_stop.Token));
        Failed = FirstFailureAsync();
        await (await Task.WhenAny(Node.Registered.WaitAsync(stop), Failed));
    }

    // None of them ends by itself.
    private async Task FirstFailureAsync()
    {
        await await Task.WhenAny(_parts);
        _stop.Token.ThrowIfCancellationRequested();
        throw new InvalidOperationException("a part of the local cluster has ended");
    }

    private static IPAddress? ServiceAddress(LoopbackRange range, int n) => range.Number is not { } number ? IPAddress.Loopback
        : n < ServiceAddresses ? new IPAddress([127, number, (byte)((n + 1) >> 8), (byte)((n + 1) & 255)]) : null;

    // The port that people know from other clusters, when nobody has it; the address is ours alone, so that is the rule.
    private static async Task<LocalApiServer> ListenAsync(LocalApiServerOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken stop)
    {
        try
        {
            return await LocalApiServer.StartAsync(options, time, logs, stop);
        }
        catch (IOException)
        {
            return await LocalApiServer.StartAsync(options with { Port = 0 }, time, logs, stop);
        }
    }

    private static async Task WritePrivatelyAsync(string path, string text, CancellationToken stop)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new StreamWriter(path, options);
        await file.WriteAsync(text.AsMemory(), stop);
    }
}
