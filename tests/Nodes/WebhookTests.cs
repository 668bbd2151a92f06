using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.NodeTests;

/// <summary>The chart's webhook: the API server asks by the Service, and trusts the certificate that the operator made with what the chart's Roles allow.</summary>
[Collection(OnNodes.Name)]
public sealed class WebhookTests(InstalledCluster cluster)
{
    private const string Wrong = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: wrong }
        spec:
          services:
          - { name: auth, port: 8001, protocol: HTTP/REST }
          - { name: users, port: 8002, protocol: HTTP/REST, dependsOn: [auht] }
        """;

    private static readonly string Right = Wrong.Replace("auht", "auth", StringComparison.Ordinal);
    private static readonly string[] Waiting = ["--wait", "--timeout", "110s"];

    [Fact]
    public async Task An_upgrade_switches_it_on_and_wrong_apps_are_refused_until_the_rollback()
    {
        await using var app = await InstalledApp.CreateAsync(cluster.Nodes);
        await UpgradeAsync();
        try
        {
            // Everything is admitted until the leader has written its authority into the configuration.
            var refused = await Eventually.That(() => CreateAsync(Wrong), answer => answer.ExitCode != 0, describe: answer => $"{answer}");
            Assert.Contains("spec.services[1].dependsOn[0]: ", refused.Error, StringComparison.Ordinal);
            Assert.Contains("did you mean auth?", refused.Error, StringComparison.Ordinal);
            (await CreateAsync(Right)).Succeeded();

            // While the operator is replaced, nobody waits for an answer in vain: with Fail that would be a refusal.
            var authority = await AuthorityAsync();
            await UpgradeAsync("--set", "webhook.failurePolicy=Fail");
            Assert.Equal(authority, await AuthorityAsync());
            await app.Kubectl.RunAsync($"rollout restart deployment/{Chart.Release} --namespace {InstalledCluster.OperatorNamespace}".Split(' '));
            var (asked, finished) = (0, FinishedAsync());
            while (!finished.IsCompleted)
            {
                (await CreateAsync(Right)).Succeeded();
                asked++;
            }

            await finished;
            Assert.True(asked > 10, $"asked {asked} times");
        }
        finally
        {
            await cluster.HelmAsync(["rollback", Chart.Release, "1", "--server-side=false", .. Waiting]);
        }

        (await CreateAsync(Wrong)).Succeeded();

        // The webhook is asked of what is stored nowhere, too.
        Task<CommandResult> CreateAsync(string manifest) => app.Kubectl.TryAsync(["create", "--dry-run=server", "-f", "-"], manifest);

        Task<string> UpgradeAsync(params string[] more) =>
            cluster.HelmAsync(["upgrade", Chart.Release, Chart.Operator, "--set", "webhook.enabled=true", .. more, .. InstalledCluster.Compatible, .. Waiting]);

        // Until the last of the old pods is gone, and not only until the new ones are ready.
        async Task FinishedAsync()
        {
            await app.Kubectl.RunAsync($"rollout status deployment/{Chart.Release} --namespace {InstalledCluster.OperatorNamespace} --timeout=110s".Split(' '));
            await Eventually.That(PodsAsync, pods => pods.Count == 2, InstalledApp.Patience, pods => $"{pods.Count} pods of the operator");
        }

        async Task<JsonArray> PodsAsync() =>
            (await cluster.Nodes.Kubectl(InstalledCluster.OperatorNamespace).GetJsonAsync("pods", "--selector", $"app.kubernetes.io/instance={Chart.Release}"))["items"]!.AsArray();

        async Task<string?> AuthorityAsync() =>
            (string?)(await app.Kubectl.GetJsonAsync($"validatingwebhookconfiguration/{Chart.Release}-{InstalledCluster.OperatorNamespace}"))["webhooks"]![0]!["clientConfig"]!["caBundle"];
    }
}
