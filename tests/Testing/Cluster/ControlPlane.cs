using System.Diagnostics;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>A part of the control plane that can be stopped and started alone.</summary>
public enum ControlPlanePart
{
    /// <summary>The store.</summary>
    Etcd,

    /// <summary>kube-apiserver.</summary>
    ApiServer,

    /// <summary>kube-controller-manager: Deployments, ReplicaSets, garbage collection, namespaces.</summary>
    Controllers,

    /// <summary>kube-scheduler.</summary>
    Scheduler,
}

/// <summary>
/// A real Kubernetes control plane on this machine: etcd, API server, controllers and scheduler, started by tests/ControlPlane/control-plane. One
/// serves a whole suite (<see cref="SharedAsync"/>), each test in a namespace of its own; it ends with this process, however that ends.
/// </summary>
/// <remarks>
/// With FLEET_TEST_SERVER=embedded the API server and the controllers of <c>fleet up</c> stand in its place. They have no other parts, no users, webhooks or
/// quotas: tests of these carry <c>[Trait("Needs", "RealControlPlane")]</c>. With FLEET_TEST_CONTROLLERS=ours the API server is a real one, and those of its controllers
/// that <c>fleet up</c> has too are replaced by them.
/// </remarks>
public sealed class ControlPlane : IAsyncDisposable
{
    private static readonly Lazy<Task<ControlPlane>> Shared = new(() => StartAsync());

    private const string WithoutOurs = "--controllers=*,-deployment,-replicaset,-endpoint,-endpointslice,-horizontalpodautoscaling,-disruption";

    private readonly string _directory;
    private readonly EmbeddedControlPlane? _embedded;
    private readonly OwnControllers? _own;

    private ControlPlane(string directory, string kubeconfig, EmbeddedControlPlane? embedded = null, OwnControllers? own = null)
    {
        (_directory, _embedded, _own) = (directory, embedded, own);
        AdminKubeconfig = kubeconfig;
        AuditLog = new AuditLog(Path.Combine(directory, "audit.log"), MarkAsync);
    }

    /// <summary>Whether the suite runs on the API server of <c>fleet up</c>, in this process: <c>FLEET_TEST_SERVER=embedded</c>.</summary>
    public static bool IsEmbedded => Environment.GetEnvironmentVariable("FLEET_TEST_SERVER") == "embedded";

    /// <summary>Whether our own controllers run beside a real API server: <c>FLEET_TEST_CONTROLLERS=ours</c>.</summary>
    public static bool HasOwnControllers => Environment.GetEnvironmentVariable("FLEET_TEST_CONTROLLERS") == "ours";

    /// <summary>The kubeconfig of a user who may do everything.</summary>
    public string AdminKubeconfig { get; }

    /// <summary>What every client asked of the API server.</summary>
    public AuditLog AuditLog { get; }

    /// <summary>The folder with the logs of all parts, the certificates and the audit log.</summary>
    public string Directory => _directory;

    /// <summary>The one of this process, started when first asked for.</summary>
    public static Task<ControlPlane> SharedAsync() => Shared.Value;

    /// <summary>Starts one, empty. Gets what it is made of first, which the first time on a machine takes minutes.</summary>
    /// <param name="apiServerArguments">More command-line arguments for the API server.</param>
    /// <exception cref="CommandFailedException">It cannot be had or did not start.</exception>
    public static async Task<ControlPlane> StartAsync(params string[] apiServerArguments)
    {
        if (IsEmbedded)
            return await StartEmbeddedAsync();
        if (ClusterTools.Assets is null)
            (await Command.RunAsync(ClusterTools.Script("install"), [], timeout: TimeSpan.FromMinutes(40))).Succeeded();

        var directory = System.IO.Directory.CreateTempSubdirectory("fleet-test-").FullName;
        Guard.ControlPlane(directory);
        var environment = new Dictionary<string, string?> { ["APISERVER_ARGS"] = string.Join(' ', apiServerArguments) };
        if (HasOwnControllers)
            environment["CONTROLLERS_ARGS"] = WithoutOurs;
        var up = await Command.RunAsync(ClusterTools.Script("control-plane"), ["up", directory], environment: environment, timeout: TimeSpan.FromMinutes(3));
        var kubeconfig = up.Succeeded().Out.Trim();
        var own = HasOwnControllers ? new OwnControllers(kubeconfig, LogFile.Factory(Path.Combine(directory, "parts", "own-controllers.log"))) : null;
        return new ControlPlane(directory, kubeconfig, own: own);
    }

    /// <summary>A client of the API server with every permission.</summary>
    /// <param name="userAgent">How the audit log shows it.</param>
    public ApiClient CreateClient(string userAgent = "fleet-test") =>
        new(ClusterConfig.Load(AdminKubeconfig), new ApiClientOptions { UserAgent = userAgent, FieldManager = userAgent });

    /// <summary>kubectl with every permission.</summary>
    /// <param name="ns">The namespace it works in when a command names none.</param>
    public Kubectl Kubectl(string? ns = null) => new(AdminKubeconfig, Path.Combine(_directory, "kubectl-cache"), ns);

    /// <summary>kubectl as someone else.</summary>
    /// <param name="kubeconfig">Whose.</param>
    /// <param name="ns">The namespace it works in when a command names none.</param>
    public Kubectl KubectlAs(string kubeconfig, string? ns = null) => new(kubeconfig, Path.Combine(_directory, "kubectl-cache"), ns);

    /// <summary>Makes a user who may do nothing until a binding says otherwise.</summary>
    /// <returns>The path of the kubeconfig.</returns>
    public async Task<string> CreateUserAsync(string name, params string[] groups) =>
        _embedded is not null ? throw new NotSupportedException("the embedded server knows one user")
        : (await RunAsync(["user", name, _directory, .. groups])).Out.Trim();

    /// <summary>Asks a part to end and returns when it has. The API server closes its watches first, for 5 s at most.</summary>
    public Task StopAsync(ControlPlanePart part) => _embedded is null ? RunAsync(["stop", Name(part), _directory])
        : part == ControlPlanePart.Controllers ? _embedded.StopControllersAsync()
        : throw NotEmbedded(part);

    /// <summary>Kills a part as a crash would.</summary>
    public Task KillAsync(ControlPlanePart part) => _embedded is null ? RunAsync(["stop", Name(part), _directory], "KILL") : throw NotEmbedded(part);

    /// <summary>Starts a part again and returns when it answers.</summary>
    public Task StartAsync(ControlPlanePart part)
    {
        if (_embedded is null)
            return RunAsync(["start", Name(part), _directory]);
        if (part != ControlPlanePart.Controllers)
            throw NotEmbedded(part);
        _embedded.StartControllers();
        return Task.CompletedTask;
    }

    /// <summary>The last lines of a part's log.</summary>
    public string LogTail(ControlPlanePart part, int lines = 30) =>
        string.Join('\n', File.ReadLines(Path.Combine(_directory, "parts", $"{Name(part)}.log")).TakeLast(lines));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_own is not null)
            await _own.DisposeAsync();
        if (_embedded is not null)
            await _embedded.DisposeAsync();
        else
            await RunAsync(["down", _directory]);
    }

    private static async Task<ControlPlane> StartEmbeddedAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("fleet-test-").FullName;
        var embedded = await EmbeddedControlPlane.StartAsync(directory);
        return new ControlPlane(directory, embedded.Kubeconfig, embedded);
    }

    private static NotSupportedException NotEmbedded(ControlPlanePart part) => new($"the embedded server has no {Name(part)} of its own");

    private static string Name(ControlPlanePart part) => part switch
    {
        ControlPlanePart.Etcd => "etcd",
        ControlPlanePart.ApiServer => "apiserver",
        ControlPlanePart.Controllers => "controllers",
        ControlPlanePart.Scheduler => "scheduler",
        _ => throw new UnreachableException(),
    };

    private static async Task<CommandResult> RunAsync(IEnumerable<string> arguments, string signal = "TERM")
    {
        var environment = new Dictionary<string, string?> { ["SIGNAL"] = signal };
        return (await Command.RunAsync(ClusterTools.Script("control-plane"), arguments, environment: environment, timeout: TimeSpan.FromMinutes(2))).Succeeded();
    }

    private Task<string> MarkAsync(string word) => Kubectl().RunAsync(["get", "--raw", $"/version?mark={word}"]);
}
