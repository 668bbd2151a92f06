using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>A release through its life, with apps running all the time.</summary>
[Collection(Disturbing.Name)]
[Trait("Needs", "RealControlPlane")]
public class ReleaseTests(ITestOutputHelper output) : InstalledTest(output)
{
    private const int Count = 8;

    [Fact]
    public async Task Upgrade_rollback_and_uninstall_lose_no_app_and_the_CRD_is_kept()
    {
        if (!Helm.IsThere)
            return;
        try
        {
            // :: Step 1 - the previous version, with the CRD of its day.
            await HelmAsync("install", await PreviousAsync());
            Assert.False(await KnowsFieldAsync());
            var replicas = await RunAllAsync([]);
            await Kubectl.ApplyAsync(Apps(Count));
            await AllReadyAsync(Count);
            var before = await UidsAsync();
            var generations = await GenerationsAsync();
            await OlderCrdIsToldAsync(replicas);

            // :: Step 2 - upgrade: the Deployment rolls, and so do the processes. Nothing of the apps changes.
            await HelmAsync("upgrade", Chart.Operator);
            Assert.True(await KnowsFieldAsync());
            replicas = await RunAllAsync(replicas);
            await AllReadyAsync(Count);
            Assert.Equal(generations, await GenerationsAsync());
            // The CRD is read by a watch of its own, which nobody waits for.
            await Eventually.That(replicas[0].Process.MetricsAsync, metrics => metrics["fleet_crd_schema"] == metrics["fleet_crd_schema_installed"]);

            // :: Step 3 - rollback, and the apps still follow their specs.
            await Helm.RunAsync(Home, ["rollback", Chart.Release, "1", .. await CompatibleAsync("rollback"), "--wait", "--timeout", "90s"]);
            Assert.False(await KnowsFieldAsync());
            replicas = await RunAllAsync(replicas);
            Assert.Equal(generations, await GenerationsAsync());
            await Kubectl.ApplyAsync(Apps(Count, replicas: 2));
            await AllReadyAsync(Count);

            // :: Step 4 - uninstall: whatever runs runs on, without an operator.
            await StopAsync(replicas);
            await Helm.RunAsync(Home, "uninstall", Chart.Release, "--wait", "--timeout", "90s");
            await Eventually.True(async () => (await Kubectl.TryAsync(["get", "deployment/fleet-operator"])).ExitCode != 0);
            await Kubectl.RunAsync($"get crd/{MicroserviceApp.Resource.Plural}.{MicroserviceApp.Resource.Group}");
            Assert.Equal(before, await UidsAsync());

            // :: Step 5 - and back again.
            await HelmAsync("install", Chart.Operator);
            await RunAllAsync([]);
            await AllReadyAsync(Count);
            Assert.Equal(before, await UidsAsync());
        }
        finally
        {
            await InstallCrdAsync();
        }
    }

    [Fact]
    public async Task Helm_test_asks_the_operator_to_judge_an_app()
    {
        if (!Helm.IsThere)
            return;
        try
        {
            var notes = await HelmAsync("install", Chart.Operator);
            Assert.Contains($"kubectl apply -n {Namespace} -f -", notes, StringComparison.Ordinal);
            await RunAllAsync([]);
            var test = Helm.TryAsync(Home, "test", Chart.Release, "--timeout", "90s");

            // What the kubelet would do with the pod: run it, as its account, with its arguments, and say how it ended.
            const string Name = $"{Chart.Release}-test";
            var pod = await Eventually.That(() => Kubectl.GetJsonAsync($"pod/{Name}"), p => (string?)p["status"]?["phase"] == "Running");
            var container = pod["spec"]!["containers"]![0]!;
            var kubeconfig = await OperatorAccount.KubeconfigAsync(Cluster, Namespace, Name, account: (string)pod["spec"]!["serviceAccountName"]!);
            var run = await Command.RunAsync(
                OperatorProcess.DotNet, [OperatorProcess.Program, .. container["args"]!.AsArray().Select(a => (string)a!), "--kubeconfig", kubeconfig], timeout: TimeSpan.FromSeconds(60));
            Output.WriteLine($"{run}");
            Assert.Equal(0, run.ExitCode);
            await Kubectl.RunAsync(["patch", $"pod/{Name}", "--subresource=status", "--type=merge", "--patch", """{"status":{"phase":"Succeeded"}}"""]);
            Assert.Contains("Phase:          Succeeded", (await test).Succeeded().Out, StringComparison.Ordinal);
            Assert.DoesNotContain(await UidsAsync(), o => o.Key.StartsWith("Deployment/", StringComparison.Ordinal)); // it was suspended from birth
        }
        finally
        {
            await InstallCrdAsync();
        }
    }

    [Fact]
    public async Task Upgrade_and_rollback_leave_the_webhook_s_authority_where_the_operator_has_put_it()
    {
        if (!Helm.IsThere)
            return;
        var (first, second) = (Authority("first"), Authority("second"));
        try
        {
            await HelmAsync("install", Chart.Operator, "--set", "webhook.enabled=true");
            Assert.Equal((5, null), await WebhookAsync());
            await TrustAsync(first);

            await HelmAsync("upgrade", Chart.Operator, "--set", "webhook.enabled=true,webhook.timeoutSeconds=7");
            Assert.Equal((7, first), await WebhookAsync());
            await TrustAsync(second); // renewed since: what a release remembers of it would be old

            // To one that was made before there was an authority, and to one that was made while there was an older one.
            foreach (var (revision, timeout) in ((string, int)[])[("1", 5), ("2", 7)])
            {
                await Helm.RunAsync(Home, ["rollback", Chart.Release, revision, .. await CompatibleAsync("rollback"), "--wait", "--timeout", "90s"]);
                Assert.Equal((timeout, second), await WebhookAsync());
            }

            await Helm.RunAsync(Home, "uninstall", Chart.Release, "--wait", "--timeout", "90s");
            Assert.NotEqual(0, (await Kubectl.TryAsync(["get", $"{Webhooks.Plural}/{WebhookName}"])).ExitCode);
        }
        finally
        {
            await InstallCrdAsync();
        }
    }

    [Fact]
    public async Task As_plain_YAML_it_is_applied_by_kubectl_and_runs_apps()
    {
        if (!Helm.IsThere)
            return;
        var version = await Api.GetVersionAsync(CancellationToken.None);
        var yaml = await Helm.RunAsync(
            Home, "template", Chart.Release, Chart.Operator, "--skip-tests", "--kube-version", version.GitVersion, "--set", $"crds.install=false,watchNamespaces={{{Namespace}}}");
        await Kubectl.ApplyAsync(yaml);
        var replicas = await RunAllAsync([]);
        await Kubectl.ApplyAsync(Apps(1));
        await AllReadyAsync(1);
        await StopAsync(replicas);
    }

    [Fact]
    public async Task The_cluster_s_own_roles_view_and_edit_hold_for_apps()
    {
        if (!Helm.IsThere)
            return;
        try
        {
            await HelmAsync("install", Chart.Operator);
            foreach (var role in (string[])["view", "edit"])
            {
                var user = $"{role}er-{Namespace}";
                var kubectl = Cluster.KubectlAs(await Cluster.CreateUserAsync(user), Namespace);
                await Kubectl.RunAsync($"create rolebinding {user} --clusterrole {role} --user {user}");
                await Eventually.True(async () => (await kubectl.TryAsync(["get", "msa"])).ExitCode == 0);
                // What a role may do is put together from several, one by one.
                if (role == "edit")
                    await Eventually.That(() => kubectl.TryAsync(["create", "--filename", "-"], Apps(1)), created => created.ExitCode == 0);
                else
                    Assert.NotEqual(0, (await kubectl.TryAsync(["create", "--filename", "-"], Apps(1))).ExitCode);
            }
        }
        finally
        {
            await InstallCrdAsync();
        }
    }

    private static readonly Resource Webhooks = new("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", Namespaced: false);

    private string WebhookName => $"{Chart.Release}-{Namespace}";

    private static string Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow.AddDays(1));
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(authority.ExportCertificatePem()));
    }

    // As the operator does it: by JSON Patch, this field alone, as a field manager that is not helm's.
    private Task TrustAsync(string authority) => Api.JsonPatchAsync(
        Webhooks, null, WebhookName,
        [new JsonObject { ["op"] = "add", ["path"] = "/webhooks/0/clientConfig/caBundle", ["value"] = authority }],
        CancellationToken.None);

    private async Task<(int Timeout, string? Bundle)> WebhookAsync()
    {
        var webhook = (await Kubectl.GetJsonAsync($"{Webhooks.Plural}/{WebhookName}"))["webhooks"]![0]!;
        return ((int)webhook["timeoutSeconds"]!, (string?)webhook["clientConfig"]!["caBundle"]);
    }

    private async Task<bool> KnowsFieldAsync()
    {
        var crd = await Kubectl.GetJsonAsync($"crd/{MicroserviceApp.Resource.Plural}.{MicroserviceApp.Resource.Group}");
        return crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["adoption"] is not null;
    }

    // Told once, by whoever leads; readiness and metrics say it at every replica, and all of them are ready.
    private async Task OlderCrdIsToldAsync(IReadOnlyList<Replica> replicas)
    {
        foreach (var replica in replicas)
        {
            Assert.True(await replica.Process.IsReadyAsync());
            using var http = new HttpClient();
            // The CRD is read by a watch of its own, which nobody waits for.
            await Eventually.That(() => http.GetStringAsync(new Uri(replica.Process.Health!, "/healthz/ready")), text => text.Contains("older than", StringComparison.Ordinal));
            var metrics = await replica.Process.MetricsAsync();
            Assert.True(metrics["fleet_crd_schema_installed"] < metrics["fleet_crd_schema"]);
        }

        var events = await Eventually.That(
            async () => (await Kubectl.GetJsonAsync("events.events.k8s.io"))["items"]!.AsArray().Where(e => (string?)e!["reason"] == "CrdOlderThanOperator").ToList(), found => found.Count > 0);
        var told = Assert.Single(events)!;
        Assert.Equal(("Warning", "Lease"), ((string?)told["type"], (string?)told["regarding"]!["kind"]));
    }

    private async Task<SortedDictionary<string, long>> GenerationsAsync()
    {
        var found = new SortedDictionary<string, long>(StringComparer.Ordinal);
        await foreach (var page in Api.ListAsync(Kinds.MetadataOf(Resources.Deployments), new(Namespace, Keys.App), CancellationToken.None))
        {
            foreach (var item in page.Items)
                found.Add(item.Metadata.Name, item.Metadata.Generation);
        }

        return found;
    }
}
