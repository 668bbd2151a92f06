using Fleet.Apps;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Cli;

/// <summary><c>fleet diff</c> against a cluster: what it tells is what the operator then does.</summary>
public class DiffTests(ITestOutputHelper output) : CliTest(output)
{
    private const string WithSecret = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: shop }
        spec:
          services:
          - { name: web, port: 80, protocol: HTTP, image: "example/web:1", envFrom: [{ secretRef: { name: words } }] }
        """;

    [Fact]
    public async Task What_is_new_changed_and_drifted_is_told_and_nothing_is_written()
    {
        // :: Step 1 - nothing is there yet.
        var start = await Cluster.AuditLog.NowAsync();
        var created = Lines(await DiffersAsync(Shop));
        Assert.Contains("+ Deployment/shop-users", created);
        Assert.All(created, line => Assert.StartsWith("+ ", line, StringComparison.Ordinal));
        Assert.Empty(await WritesSinceAsync(start));

        // :: Step 2 - all that was told is there, and nothing is left to do; neither as the file has it nor as the cluster does.
        var process = await StartOperatorAsync();
        await ReadyShopAsync();
        foreach (var line in created)
            await Kubectl.RunAsync(["get", line[2..]]);
        await SameAsync(Shop);
        await SameAsync(await Kubectl.RunAsync("get msa shop --output yaml"));

        // :: Step 3 - a change.
        var changed = Shop
            .Replace("  - { name: orders, port: 8003, protocol: gRPC }\n", "", StringComparison.Ordinal)
            .Replace("port: 8002, protocol: HTTP/REST }", "port: 8002, protocol: HTTP/REST, image: \"example/users:2\" }", StringComparison.Ordinal);
        var told = await DiffersAsync(changed);
        Assert.Contains("- Deployment/shop-orders\n", told, StringComparison.Ordinal);
        Assert.Contains("~ Deployment/shop-users\n", told, StringComparison.Ordinal);
        Assert.Contains(" -> example/users:2\n", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Deployment/shop-auth", told, StringComparison.Ordinal);
        await Kubectl.ApplyAsync(changed);
        await ReadyAsync();
        await Eventually.True(async () => await ChildAsync(Kubernetes.Resources.Deployments, "shop-orders") is null);
        await SameAsync(changed);

        // :: Step 4 - drift, told with who did it while no operator repairs it.
        Assert.Equal(0, await process.TerminateAsync());
        await Kubectl.RunAsync(["patch", "deployment/shop-users", "--patch", """{"spec":{"replicas":5}}"""]);
        Assert.Equal("~ Deployment/shop-users\n  .spec.replicas: 5 -> 1  (set by kubectl-patch)\n", await DiffersAsync(changed));

        var refused = await DiffAsync(changed.Replace("port: 8001", "port: 80010", StringComparison.Ordinal));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("spec.services[0].port", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_order_of_fields_makes_no_difference()
    {
        var manifest = Shop.Replace(
            "port: 8002, protocol: HTTP/REST }",
            "port: 8002, protocol: HTTP/REST, podTemplate: { spec: { nodeSelector: null, tolerations: [{ value: b, key: a }], hostAliases: [{ ip: 127.0.0.1, hostnames: [z] }] }, metadata: { annotations: { z: a, a: z } } } }", StringComparison.Ordinal);
        await StartOperatorAsync();
        await ReadyShopAsync(manifest);
        await SameAsync(manifest);
    }

    [Fact]
    public async Task Without_the_right_to_Secrets_it_compares_as_an_operator_without_it()
    {
        await Kubectl.RunAsync("create secret generic words --from-literal a=b");
        var process = await StartOperatorAsync(o => o with { Arguments = ["--secrets=false"] });
        await ReadyShopAsync(WithSecret);
        await SameAsync(WithSecret, "--secrets=false");
        Assert.Contains($"annotations: (none) -> {{\"{Keys.ConfigHash}\":", await DiffersAsync(WithSecret), StringComparison.Ordinal);
        Assert.Equal(0, await process.TerminateAsync());

        // One that may read them takes over.
        process = await StartOperatorAsync();
        await Eventually.That(() => DiffAsync(WithSecret), diff => diff.ExitCode == 0);
        await ReadyAsync();
        Assert.Equal(0, await process.TerminateAsync());
        await Kubectl.RunAsync(["patch", "secret/words", "--patch", """{"stringData":{"a":"c"}}"""]);
        Assert.StartsWith("~ Deployment/shop-web\n", await DiffersAsync(WithSecret), StringComparison.Ordinal);
    }

    private Task<CommandResult> DiffAsync(string manifest, params string[] more) => FleetWithAsync(manifest, ["diff", "--filename", "-", .. more]);

    private async Task<string> DiffersAsync(string manifest, params string[] more)
    {
        var diff = await DiffAsync(manifest, more);
        Assert.Equal((1, ""), (diff.ExitCode, diff.Error));
        return diff.Out;
    }

    private async Task SameAsync(string manifest, params string[] more)
    {
        var diff = await DiffAsync(manifest, more);
        Assert.Equal((0, "", ""), (diff.ExitCode, diff.Out, diff.Error));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
