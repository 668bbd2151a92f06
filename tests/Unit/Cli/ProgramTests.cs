using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Cli;

/// <summary>The program as a process: what goes where, and how it ends. No cluster is there.</summary>
public class ProgramTests
{
    private const string Unreachable = """
        { current-context: here, contexts: [{ name: here, context: { cluster: c } }], clusters: [{ name: c, cluster: { server: "http://127.0.0.1:1" } }] }
        """;

    [Fact]
    public async Task A_plan_is_on_stdout_alone_and_public_routes_are_named_beside_it()
    {
        var plan = (await RunAsync(["plan", "-f", "-", "-n", "demo"], Examples.Shop)).Succeeded();
        Assert.Equal(15, Fleet.Kubernetes.Yaml.Parse(plan.Out).Count);
        Assert.Equal("PUBLIC (no token is asked for): /auth -> shop-auth\n", plan.Error);
        Assert.Contains("kind: RoleBinding", plan.Out, StringComparison.Ordinal);
        var without = (await RunAsync(["plan", "-f", "-", "--gateway-rbac=false"], Examples.Shop)).Succeeded(); // as the operator that is started with it
        Assert.DoesNotContain("kind: RoleBinding", without.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_manifest_ends_with_1_and_leaves_stdout_empty()
    {
        var plan = await RunAsync(["plan", "-f", "-"], Examples.Shop.Replace("8001", "80011", StringComparison.Ordinal));
        Assert.Equal((1, ""), (plan.ExitCode, plan.Out));
        Assert.StartsWith("stdin: spec.services[0].port: ", plan.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stauts", "status", "See 'fleet --help'.")]
    [InlineData("plan", "Option '--filename' is required.", "See 'fleet plan --help'.")]
    [InlineData("plan -f /nowhere.yaml", "error: /nowhere.yaml: cannot be read: ", "")]
    [InlineData("status --context nope", "contexts has no \"nope\"", "")]
    public async Task A_mistake_ends_with_2_and_names_the_fix(string line, string problem, string advice)
    {
        var result = await RunAsync(line.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
        Assert.Contains(advice, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreachable_server_is_named_with_its_context()
    {
        var result = await RunAsync(["status"]);
        Assert.Equal((3, ""), (result.ExitCode, result.Out));
        Assert.StartsWith("error: http://127.0.0.1:1/ (context here of ", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("cannot be reached: Connection refused\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_come_from_the_environment_and_mistakes_name_the_variable()
    {
        var images = await RunAsync(["images"], environment: ("FLEET_BUNDLED_TAG", "9.9"));
        Assert.Equal("ghcr.io/fleet-operator/fleet-auth:9.9", images.Succeeded().Out.Split('\n')[0]);
        var run = await RunAsync(["run"], environment: ("FLEET_WORKERS", "many"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("FLEET_WORKERS: \"many\" is no number", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo,", "\"\" is no namespace")]
    [InlineData("demo,De_mo", "\"De_mo\" is no namespace")]
    public async Task A_list_of_namespaces_is_checked(string list, string problem)
    {
        var run = await RunAsync(["run", "--watch-namespace", list]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("diff")]
    public async Task A_command_explains_itself(string command)
    {
        var help = (await RunAsync([command, "--help"])).Succeeded().Out;
        Assert.Contains($"  fleet {command}", help, StringComparison.Ordinal);
        Assert.Contains("Examples:\n", help, StringComparison.Ordinal);
        Assert.Contains("Exit codes:\n  0 ", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Under_its_other_name_it_is_a_plugin_of_kubectl()
    {
        using var folder = new TemporaryFolder();
        var link = Path.Combine(folder.Path, "kubectl-fleet");
        File.CreateSymbolicLink(link, Path.ChangeExtension(OperatorProcess.Program, null));
        var help = (await Command.RunAsync(link, ["status", "--help"])).Succeeded().Out;
        Assert.Contains("  kubectl fleet status shop -n demo", help, StringComparison.Ordinal);
        Assert.DoesNotContain("  fleet status", help, StringComparison.Ordinal);
    }

    private static async Task<CommandResult> RunAsync(string[] arguments, string? input = null, params (string Name, string Value)[] environment)
    {
        using var folder = new TemporaryFolder();
        var kubeconfig = Path.Combine(folder.Path, "config");
        await File.WriteAllTextAsync(kubeconfig, Unreachable);
        var variables = environment.ToDictionary(e => e.Name, string? (e) => e.Value);
        variables["KUBECONFIG"] = kubeconfig;
        return await Command.RunAsync(OperatorProcess.DotNet, [OperatorProcess.Program, .. arguments], input, variables, TimeSpan.FromMinutes(1));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        internal string Path { get; } = Directory.CreateTempSubdirectory("fleet-cli-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
