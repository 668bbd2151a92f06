using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>
/// The frame of a fact about the API server: a namespace of its own and the bare wire. The facts are what the operator, kubectl, helm and the nodes rely
/// on; they hold on every server that the operator runs on, and where two differ, the real one is right.
/// </summary>
public abstract class ConformanceTest : IAsyncLifetime
{
    private TestNamespace? _namespace;
    private ApiClient? _api;
    private ServerVersion? _version;

    /// <summary>The control plane.</summary>
    protected ControlPlane Cluster { get; private set; } = null!;

    /// <summary>The server, raw.</summary>
    protected Wire Wire { get; private set; } = null!;

    /// <summary>kubectl in the test's namespace.</summary>
    protected Kubectl Kubectl { get; private set; } = null!;

    /// <summary>The operator's own client.</summary>
    protected ApiClient Api => _api ?? throw new InvalidOperationException("not initialized");

    /// <summary>The test's own namespace.</summary>
    protected string Namespace => _namespace?.Name ?? throw new InvalidOperationException("not initialized");

    /// <inheritdoc/>
    public virtual async Task InitializeAsync()
    {
        Cluster = await ControlPlane.SharedAsync();
        Wire = new Wire(Cluster.AdminKubeconfig);
        _api = Cluster.CreateClient("conformance");
        _namespace = await TestNamespace.CreateAsync(_api, "fact");
        _version = await _api.GetVersionAsync(CancellationToken.None);
        Kubectl = Cluster.Kubectl(Namespace);
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        if (_namespace is not null)
            await _namespace.DisposeAsync();
        _api?.Dispose();
        Wire?.Dispose();
    }

    /// <summary>
    /// A node that is not there, for pods that nobody runs. It is the test's own: the collector of pods deletes all pods of a missing node when it has seen any of
    /// them on it for 40 s, which those of an earlier test's namespace are while it ends.
    /// </summary>
    protected string Far { get; } = $"far-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Whether the server is of Kubernetes 1.<paramref name="minor"/> or later.</summary>
    protected bool Since(int minor) => _version!.AtLeast(1, minor);

    /// <summary>A path in the test's namespace: <c>Core("pods/web")</c>.</summary>
    protected string Core(string rest) => $"/api/v1/namespaces/{Namespace}/{rest}";

    /// <summary>A path in the test's namespace: <c>Apps("deployments/web/status")</c>.</summary>
    protected string Apps(string rest) => In("apps/v1", rest);

    /// <summary>A path of another group in the test's namespace.</summary>
    protected string In(string group, string rest) => $"/apis/{group}/namespaces/{Namespace}/{rest}";

    /// <summary>Creates a ConfigMap and returns it as stored.</summary>
    protected async Task<JsonNode> ConfigMapAsync(string name, string data = "{ a: '1' }", string labels = "{}") =>
        (await Wire.PostAsync(Core("configmaps"), $"{{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: {name}, labels: {labels} }}, data: {data} }}")).Is(201);

    /// <summary>Creates a Deployment of no pods, so that no other test's node is bothered, and returns it as stored.</summary>
    protected async Task<JsonNode> DeploymentAsync(string name, int replicas = 0) => (await Wire.PostAsync(Apps("deployments"), Deployment(name, replicas))).Is(201);

    /// <summary>A Deployment with one container.</summary>
    protected static string Deployment(string name, int replicas = 0) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: {{name}}, labels: { app: {{name}} } }
        spec:
          replicas: {{replicas}}
          selector: { matchLabels: { app: {{name}} } }
          template:
            metadata: { labels: { app: {{name}} } }
            spec:
              containers:
              - { name: web, image: 'example/web:1', ports: [{ containerPort: 80 }], env: [{ name: A, value: '1' }] }
        """;

    /// <summary>A pod that no scheduler looks at, so that it stays unbound.</summary>
    protected static string Pod(string name, string labels = "{}", string node = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: { name: {{name}}, labels: {{labels}} }
        spec:
          schedulerName: nobody
          automountServiceAccountToken: false # before 1.24 a pod must wait for that token to be made
          {{(node.Length == 0 ? "" : $"nodeName: {node}")}}
          containers: [{ name: web, image: 'example/web:1' }]
        """;

    /// <summary>YAML as JSON.</summary>
    protected static JsonNode Parsed(string yaml) => Yaml.ParseOne(yaml);

    /// <summary>Waits until an object at a path is as wanted.</summary>
    protected Task<JsonNode> Eventual(string path, Func<JsonNode, bool> wanted) =>
        Eventually.That(async () => (await Wire.GetAsync(path)).Ok, wanted, describe: node => node.ToJsonString());

    /// <summary>Waits until there is nothing at a path.</summary>
    protected Task Gone(string path, TimeSpan? timeout = null) =>
        Eventually.That(() => Wire.GetAsync(path), answer => answer.Code == 404, timeout);
}
