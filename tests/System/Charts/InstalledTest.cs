using System.Globalization;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>
/// The frame of a test that installs the chart with the real helm. Its pods run no container on the stand-in node; a process with the token of a pod stands
/// in for each, so that the audit log tells them apart as it would in a cluster.
/// </summary>
public abstract class InstalledTest(ITestOutputHelper output) : AppTest(output)
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("fleet-helm-");

    /// <summary>The real helm, in the test's namespace.</summary>
    protected Helm Helm { get; private set; } = null!;

    /// <inheritdoc/>
    protected override bool HasAccount => false;

    /// <summary>A folder of the test's own.</summary>
    protected string Home => _home.FullName;

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Helm = new(Cluster.AdminKubeconfig, Namespace);
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            // The release goes with the namespace; what is cluster-wide would stay. The CRD is put right by whoever changed it.
            await Cluster.Kubectl().TryAsync(["delete", "clusterroles,clusterrolebindings", "--selector", $"app.kubernetes.io/instance={Chart.Release}"]);
            _home.Delete(recursive: true);
        }
    }

    /// <summary>Installs or upgrades the release for the apps of the test's namespace, and waits for its pods.</summary>
    /// <param name="command"><c>install</c> or <c>upgrade</c>.</param>
    /// <param name="chart">The chart's folder.</param>
    /// <param name="more">More arguments.</param>
    protected async Task<string> HelmAsync(string command, string chart, params string[] more) => await Helm.RunAsync(
        Home, [command, Chart.Release, chart, .. await CompatibleAsync(command), "--take-ownership", "--set", $"watchNamespaces={{{Namespace}}}", "--wait", "--timeout", "90s", .. more]);

    /// <summary>
    /// What helm 4 has to be told: of a server before 1.25, which does not know the CRD's rules, to apply as older helms did, and not to check; of a newer one, that
    /// it may take the CRD's fields from kubectl, by which the suite has applied it.
    /// </summary>
    protected async Task<string[]> CompatibleAsync(string command) => ((await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 25), command) switch
    {
        (true, "rollback") => [],
        (true, _) => ["--force-conflicts"],
        (false, "rollback") => ["--server-side=false"],
        (false, _) => ["--server-side=false", "--disable-openapi-validation"],
    };

    /// <summary>The names of the operator's pods, those that are going apart.</summary>
    protected async Task<IReadOnlyList<string>> PodsAsync(int count)
    {
        var found = await Eventually.That(
            async () =>
            {
                var pods = await Kubectl.GetJsonAsync("pods", "--selector", $"app.kubernetes.io/name=fleet-operator,app.kubernetes.io/instance={Chart.Release}");
                return pods["items"]!.AsArray()
                    .Where(p => p!["metadata"]!["deletionTimestamp"] is null && (string?)p["status"]?["phase"] == "Running")
                    .Select(p => (string)p!["metadata"]!["name"]!).ToList();
            },
            pods => pods.Count == count,
            describe: pods => string.Join(", ", pods));
        return found;
    }

    /// <summary>Runs an operator as what runs in this pod.</summary>
    protected async Task<Replica> RunAsync(string pod)
    {
        var kubeconfig = await OperatorAccount.KubeconfigAsync(Cluster, Namespace, pod);
        return new(pod, await StartOperatorAsync(o => o with { Kubeconfig = kubeconfig }));
    }

    /// <summary>The one that leads.</summary>
    protected static async Task<Replica> LeaderAsync(IReadOnlyCollection<Replica> replicas)
    {
        Replica? leader = null;
        await Eventually.True(async () =>
        {
            foreach (var replica in replicas)
            {
                if ((await replica.Process.MetricsAsync())["fleet_leader"] == 1)
                    leader = replica;
            }

            return leader is not null;
        });
        return leader!;
    }

    /// <summary>Manifests of small apps, one service each.</summary>
    /// <param name="count">How many.</param>
    /// <param name="replicas">The pods of each.</param>
    /// <param name="round">A word that every object of theirs carries.</param>
    protected static string Apps(int count, int replicas = 1, string round = "0") => string.Join("---\n", Enumerable.Range(0, count).Select(i => $$"""
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: app{{i.ToString(CultureInfo.InvariantCulture)}} }
        spec:
          commonAnnotations: { example.com/round: "{{round}}" }
          services:
          - { name: web, port: 80, protocol: HTTP, image: "example/web:1", replicas: {{replicas.ToString(CultureInfo.InvariantCulture)}} }

        """));

    /// <summary>Waits until so many apps are Ready for their newest spec.</summary>
    protected Task AllReadyAsync(int count, TimeSpan? timeout = null) => Eventually.That(
        async () =>
        {
            var ready = 0;
            await foreach (var page in Api.ListAsync(MicroserviceApp.Type, new(Namespace), CancellationToken.None))
                ready += page.Items.Count(a => a.Status is { } s && s.ObservedGeneration == a.Metadata.Generation && Is(s, Conditions.Ready, ConditionStatus.True));
            return ready;
        },
        ready => ready == count,
        timeout ?? TimeSpan.FromMinutes(2),
        ready => $"{ready} of {count} apps Ready");

    /// <summary>The UIDs of the apps and of all that they own but pods, by kind and name: an object that was lost and made again has another.</summary>
    protected async Task<SortedDictionary<string, string>> UidsAsync()
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in (Resource[])[MicroserviceApp.Resource, Resources.Deployments, Resources.Services, Resources.ServiceAccounts])
        {
            await foreach (var page in Api.ListAsync(Kinds.MetadataOf(kind), new(Namespace), CancellationToken.None))
            {
                foreach (var item in page.Items.Where(i => kind == MicroserviceApp.Resource || i.Metadata.Label(Keys.App) is not null))
                    found.Add($"{kind.Kind}/{item.Metadata.Name}", item.Metadata.Uid!);
            }
        }

        return found;
    }

    /// <summary>A pod of the operator, and the process that stands in for its container.</summary>
    /// <param name="Pod">The pod's name.</param>
    /// <param name="Process">The process.</param>
    protected sealed record Replica(string Pod, OperatorProcess Process);
}
