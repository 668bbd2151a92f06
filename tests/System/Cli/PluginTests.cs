using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Cli;

/// <summary>The program under its other names: kubectl's plugin, kubectl's completion of it, and a shell's completion.</summary>
public sealed class PluginTests : CliTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fleet-plugin-").FullName;

    public PluginTests(ITestOutputHelper output)
        : base(output)
    {
        var program = Path.ChangeExtension(OperatorProcess.Program, null);
        foreach (var name in new[] { "kubectl-fleet", "kubectl_complete-fleet", "fleet" })
            File.CreateSymbolicLink(Path.Combine(_folder, name), program);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Kubectl_finds_it_and_it_speaks_as_kubectl()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var status = (await KubectlAsync("fleet", "status", "shop", "-n", Namespace)).Succeeded();
        Assert.Contains("orders   8003  gRPC       Active  1/1", status.Out, StringComparison.Ordinal);
        Assert.Contains("shop is Ready", (await KubectlAsync("fleet", "doctor", "shop", "-n", Namespace)).Succeeded().Out, StringComparison.Ordinal);
        Assert.Contains("kubectl fleet doctor shop", (await KubectlAsync("fleet", "doctor", "--help")).Succeeded().Out, StringComparison.Ordinal);
        var wrong = await KubectlAsync("fleet", "stauts");
        Assert.Contains("See 'kubectl fleet --help'.", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kubectl_and_bash_complete_commands_apps_and_namespaces()
    {
        await Kubectl.ApplyAsync(Shop);
        await Kubectl.ApplyAsync(Shop.Replace("name: shop", "name: shed", StringComparison.Ordinal));

        // As kubectl calls it; kubectl before 1.26 does not.
        Assert.Equal("status\n:4\n", (await CompleteAsync("sta")).Out);
        await AnswersAsync("shed\nshop\n:4\n", () => CompleteAsync("doctor", "-n", Namespace, "sh"));
        await AnswersAsync("shed\nshop\n:4\n", () => CompleteAsync("doctor", "-n", Namespace, ""));
        await AnswersAsync($"{Namespace}\n:4\n", () => CompleteAsync("tree", "-n", Namespace));
        Assert.Equal(":0\n", (await CompleteAsync("plan", "-f", "")).Out);
        if ((await KubectlAsync("version", "--client")).Out is { } version && !version.Contains("v1.20", StringComparison.Ordinal))
            await AnswersAsync("shed\nshop\n:4\n", () => KubectlAsync("__complete", "fleet", "status", "-n", Namespace, "sh"));

        // As bash does: its own variables, and what its function leaves.
        var line = $"fleet tree -n {Namespace} sh";
        var script = $"""
            source <(fleet completion bash)
            COMP_WORDS=({line}) COMP_CWORD=4 COMP_LINE='{line}' COMP_POINT={line.Length}
            _fleet_complete
            printf '%s\n' "$COMPREPLY" "$(printf '%s\n' "${"{COMPREPLY[@]}"}" | wc -l)"
            """;
        await AnswersAsync("shed\n2\n", () => RunAsync("/bin/bash", "-euc", script));
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_costs_a_second_and_says_nothing()
    {
        var config = Path.Combine(_folder, "config");
        // An address of a network that is documented to lead nowhere (RFC 5737).
        await File.WriteAllTextAsync(config, """{ current-context: c, contexts: [{ name: c, context: { cluster: c } }], clusters: [{ name: c, cluster: { server: "http://192.0.2.1" } }] }""");
        var result = (await Command.RunAsync(Path.Combine(_folder, "kubectl_complete-fleet"), ["status", ""], environment: new Dictionary<string, string?> { ["KUBECONFIG"] = config })).Succeeded();
        Assert.Equal((":4\n", ""), (result.Out, result.Error));
    }

    // The second that it takes at most is too short on a machine that is busy with other tests: somebody at the keyboard would press the key again.
    private static Task AnswersAsync(string text, Func<Task<CommandResult>> ask) =>
        Eventually.That(async () => (await ask()).Succeeded().Out, answer => answer == text, describe: answer => answer);

    private Task<CommandResult> CompleteAsync(params string[] words) => RunAsync(Path.Combine(_folder, "kubectl_complete-fleet"), words);

    private Task<CommandResult> KubectlAsync(params string[] arguments) => RunAsync("kubectl", arguments);

    // kubectl looks for plugins in PATH, and takes no option before their names.
    private Task<CommandResult> RunAsync(string program, params string[] arguments) => Command.RunAsync(
        "/usr/bin/env", [program == "kubectl" ? Testing.Kubectl.Program : program, .. arguments],
        environment: new Dictionary<string, string?> { ["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}", ["KUBECONFIG"] = Cluster.AdminKubeconfig, ["HOME"] = _folder },
        timeout: TimeSpan.FromMinutes(1));
}
