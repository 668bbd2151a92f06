using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>
/// The frame of a test that installs the chart with the real helm. Its pods run no container on the stand-in node; a process with the token of a pod stands
/// in for each, so that the audit log tells them apart as it would in a cluster.
/// </summary>
public abstract class InstalledTest(ITestOutputHelper output) : AppTest(output)
{
    // What a process takes over from the arguments of its pod; ports, logs and the lease are the test's.
    private static readonly string[] s_kept = ["--secrets=", "--gateway-rbac=", "--workers=", "--bundled-"];

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
            await Cluster.Kubectl().TryAsync(["delete", "clusterroles,clusterrolebindings,validatingwebhookconfigurations", "--selector", $"app.kubernetes.io/instance={Chart.Release}"]);
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

    /// <summary>The chart of a version ago, in a folder: other numbers, and a CRD without the field <c>adoption</c>, which came since.</summary>
    protected async Task<string> PreviousAsync()
    {
        var copy = Path.Combine(Home, "previous");
        foreach (var file in Directory.EnumerateFiles(Chart.Operator, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Chart.Operator, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        var (chart, crd) = (Path.Combine(copy, "Chart.yaml"), Path.Combine(copy, "files", "microserviceapps.yaml"));
        var metadata = (JsonObject)Yaml.ParseOne(await File.ReadAllTextAsync(chart));
        (metadata["version"], metadata["appVersion"]) = ("0.0.9", "0.0.9");
        await File.WriteAllTextAsync(chart, Yaml.Write(metadata));
        var document = (JsonObject)Yaml.ParseOne(await File.ReadAllTextAsync(crd));
        document["metadata"]!["annotations"]![Crd.SchemaKey] = $"{Crd.SchemaNumber - 1}";
        Assert.True(document["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!.AsObject().Remove("adoption"));
        await File.WriteAllTextAsync(crd, Yaml.Write(document));
        return copy;
    }

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
        await OperatorAccount.AllowedAsync(Api, Namespace, [Namespace]); // no image had to be pulled meanwhile
        var kubeconfig = await OperatorAccount.KubeconfigAsync(Cluster, Namespace, pod);
        var container = (await Kubectl.GetJsonAsync($"pod/{pod}"))["spec"]!["containers"]![0]!;
        var arguments = container["args"]!.AsArray().Select(a => (string)a!).Where(a => Array.Exists(s_kept, k => a.StartsWith(k, StringComparison.Ordinal)));
        return new(pod, await StartOperatorAsync(o => o with { Kubeconfig = kubeconfig, Arguments = [.. arguments] }));
    }

    /// <summary>Gives each of the operator's pods its process, ends those of pods that are gone, as their containers would, and waits for a leader.</summary>
    /// <param name="before">What runs.</param>
    protected async Task<IReadOnlyList<Replica>> RunAllAsync(IReadOnlyList<Replica> before)
    {
        var pods = await PodsAsync(2);
        await StopAsync([.. before.Where(r => !pods.Contains(r.Pod))]);
        var running = new List<Replica>(before.Where(r => pods.Contains(r.Pod)));
        foreach (var pod in pods.Where(p => running.TrueForAll(r => r.Pod != p)))
            running.Add(await RunAsync(pod));
        await LeaderAsync(running);
        return running;
    }

    /// <summary>Ends operators as a kubelet does.</summary>
    protected static async Task StopAsync(IReadOnlyList<Replica> replicas)
    {
        foreach (var replica in replicas)
            Assert.Equal(0, await replica.Process.TerminateAsync());
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
