using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.NodeTests;

/// <summary>The app <c>shop</c> in a namespace of its own, and what is asked of it again and again.</summary>
public sealed class InstalledApp : IAsyncDisposable
{
    /// <summary>How long a rollout may take on a machine that does other things as well.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ApiClient _api;
    private readonly TestNamespace _namespace;

    private InstalledApp(ApiClient api, TestNamespace ns, Kubectl kubectl) => (_api, _namespace, Kubectl) = (api, ns, kubectl);

    /// <summary>kubectl in the app's namespace.</summary>
    public Kubectl Kubectl { get; }

    /// <summary>The namespace.</summary>
    public string Namespace => _namespace.Name;

    /// <summary>The namespace, empty yet.</summary>
    public static async Task<InstalledApp> CreateAsync(NodeCluster nodes)
    {
        var api = nodes.CreateClient();
        var ns = await TestNamespace.CreateAsync(api, "shop");
        return new(api, ns, nodes.Kubectl(ns.Name));
    }

    /// <summary>The gateway's Service, as it is reached from outside of the cluster.</summary>
    public async Task<Uri> GatewayAsync()
    {
        var spec = (await Kubectl.GetJsonAsync("service/shop-gateway"))["spec"]!;
        return new($"http://{spec["clusterIP"]}:{spec["ports"]![0]!["port"]}/");
    }

    /// <summary>The app as the server has it.</summary>
    public Task<MicroserviceApp> AppAsync() => _api.GetAsync(MicroserviceApp.Type, Namespace, "shop", CancellationToken.None);

    /// <summary>Waits until the status is as wanted, for the newest spec.</summary>
    public Task<MicroserviceApp> StatusAsync(Func<AppStatus, bool> wanted, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(wanted))] string what = "") => Eventually.That(
        AppAsync,
        app => app.Status is { } status && status.ObservedGeneration == app.Metadata.Generation && wanted(status),
        Patience,
        app => JsonSerializer.Serialize(app.Status, AppsJson.Default.AppStatus!),
        what);

    /// <summary>Waits until the app is Ready for its newest spec.</summary>
    public Task<MicroserviceApp> ReadyAsync() => StatusAsync(IsReady);

    /// <summary>Whether a status is Ready.</summary>
    public static bool IsReady(AppStatus status) => Of(status, Conditions.Ready) is { Status: ConditionStatus.True } ready && ready.ObservedGeneration == status.ObservedGeneration;

    /// <summary>A condition of a status.</summary>
    public static AppCondition Of(AppStatus status, string type) => status.Conditions.First(c => c.Type == type);

    /// <summary>The row of a service.</summary>
    public static ServiceState Row(AppStatus status, string service) => status.Services.First(s => s.Name == service);

    /// <summary>The pods of a service, those that are going apart.</summary>
    public async Task<IReadOnlyList<RunningPod>> PodsAsync(string service) =>
    [
        .. (await Kubectl.GetJsonAsync("pods", "--selector", $"{Keys.Service}={service}"))["items"]!.AsArray()
            .Where(p => p!["metadata"]!["deletionTimestamp"] is null)
            .Select(p => new RunningPod((string)p!["metadata"]!["name"]!, (string?)p["spec"]!["nodeName"] ?? "", (string?)p["status"]!["podIP"] ?? "")),
    ];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _namespace.DisposeAsync();
        _api.Dispose();
    }
}

/// <summary>A pod that runs on a node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Node">Where it runs.</param>
/// <param name="Address">Its own address, which this machine reaches.</param>
public sealed record RunningPod(string Name, string Node, string Address);
