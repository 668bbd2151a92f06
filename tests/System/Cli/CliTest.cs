using Fleet.Testing;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Cli;

/// <summary>The frame of a test of the command line: the real program as a process, asked about the test's namespace.</summary>
/// <param name="output">Where a test may write.</param>
public abstract class CliTest(ITestOutputHelper output) : AppTest(output)
{
    /// <summary>Runs a command with every permission, in the test's namespace.</summary>
    protected Task<CommandResult> FleetAsync(params string[] arguments) => FleetAsAsync(Cluster.AdminKubeconfig, arguments);

    /// <summary>Runs a command as someone, in the test's namespace.</summary>
    protected Task<CommandResult> FleetAsAsync(string kubeconfig, params string[] arguments) => RunAsync(kubeconfig, null, arguments);

    /// <summary>Runs a command that reads its standard input, with every permission, in the test's namespace.</summary>
    protected Task<CommandResult> FleetWithAsync(string input, params string[] arguments) => RunAsync(Cluster.AdminKubeconfig, input, arguments);

    private async Task<CommandResult> RunAsync(string kubeconfig, string? input, string[] arguments)
    {
        var result = await Command.RunAsync(
            OperatorProcess.DotNet, [OperatorProcess.Program, .. arguments, "--kubeconfig", kubeconfig, "--namespace", Namespace], input, timeout: TimeSpan.FromMinutes(1));
        Output.WriteLine($"$ fleet {string.Join(' ', arguments)} -> {result.ExitCode}\n{result.Out}{result.Error}");
        return result;
    }
}
