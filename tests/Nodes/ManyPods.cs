using Fleet.ServiceTests;
using Fleet.ServiceTests.Story;
using Fleet.Testing;
using Xunit;

namespace Fleet.NodeTests;

/// <summary>The shop as it is in production: databases and a broker outside of the cluster, and more than one pod of what has to stay up.</summary>
public sealed class ManyPods(InstalledCluster cluster) : IAsyncLifetime
{
    private PostgreSqlServer? _databases;
    private RabbitMqServer? _broker;
    private string _orders = "", _users = "", _auth = "";

    /// <summary>The cluster.</summary>
    public NodeCluster Nodes => cluster.Nodes;

    /// <summary>The app.</summary>
    public InstalledApp App { get; private set; } = null!;

    /// <summary>The pods of each service when the app was Ready for the first time.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<RunningPod>> AtFirst { get; private set; } = new Dictionary<string, IReadOnlyList<RunningPod>>();

    /// <summary>Where it is reached.</summary>
    public Uri Gateway { get; private set; } = null!;

    /// <summary>Somebody with an account and a profile.</summary>
    public Customer Ann { get; private set; } = null!;

    /// <summary>An order of Ann's.</summary>
    public string Order { get; private set; } = "";

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        _databases = new() { AlsoListen = $"{Nodes.Machine}" };
        _broker = new() { AlsoListen = $"{Nodes.Machine}" };
        await Task.WhenAll(_databases.InitializeAsync(), _broker.InitializeAsync());
        (_auth, _users, _orders) = (await _databases.CreateDatabaseAsync(), await _databases.CreateDatabaseAsync(), await _databases.CreateDatabaseAsync());
        App = await InstalledApp.CreateAsync(Nodes);
        await ApplyAsync();
        await App.ReadyAsync();
        var pods = new Dictionary<string, IReadOnlyList<RunningPod>>(StringComparer.Ordinal);
        foreach (var service in (string[])["auth", "users", "orders", "gateway"])
            pods[service] = await App.PodsAsync(service);
        AtFirst = pods;
        Gateway = await App.GatewayAsync();
        Ann = await Customer.JoinAsync(Gateway);
        Order = await Ann.PlaceAsync("the first");
    }

    /// <summary>Applies the manifest.</summary>
    /// <param name="orders">The image of orders; the bundled one when null.</param>
    public Task ApplyAsync(string? orders = null) => App.Kubectl.ApplyAsync($$"""
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata:
          name: shop
        spec:
          services:
          - name: auth
            port: 8001
            protocol: HTTP/REST
            env:
            - { name: ConnectionStrings__Default, value: "{{_auth}}" }
          - name: users
            port: 8002
            protocol: HTTP/REST
            replicas: 2
            env:
            - { name: ConnectionStrings__Default, value: "{{_users}}" }
            - { name: ConnectionStrings__RabbitMq, value: "{{_broker!.Url}}" }
          - name: orders
            port: 8003
            protocol: gRPC
            replicas: 3
            image: {{orders ?? "null"}}
            env:
            - { name: ConnectionStrings__Default, value: "{{_orders}}" }
            - { name: ConnectionStrings__RabbitMq, value: "{{_broker.Url}}" }
          gateway: { port: 80, replicas: 2 }
        """.Replace("    image: null\n", "", StringComparison.Ordinal));

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        Ann?.Dispose();
        if (App is not null)
            await App.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
        if (_databases is not null)
            await _databases.DisposeAsync();
    }
}
