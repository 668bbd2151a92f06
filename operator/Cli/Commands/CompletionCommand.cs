using System.CommandLine;

namespace Fleet.Cli;

/// <summary><c>fleet completion</c>: a script with which a shell completes command lines of this program.</summary>
internal static class CompletionCommand
{
    private static readonly Argument<string> Shell = Make();

    internal static Command Create() => new FleetCommand("completion", "Prints a script with which a shell completes commands, options, apps and namespaces.")
    {
        Examples =
        [
            ("source <(fleet completion bash)", "in this shell; in ~/.bashrc for all"), ("fleet completion zsh > ~/.zfunc/_fleet", "in a folder of zsh's fpath"),
            ("fleet completion fish > ~/.config/fish/completions/fleet.fish", "fish"), ("fleet completion powershell | Out-String | Invoke-Expression", "PowerShell"),
        ],
        Ends = [(ExitCodes.Ok, "printed"), (ExitCodes.Usage, "there is no script for this shell")],
        Arguments = { Shell },
        Body = async (call, _) =>
        {
            await call.Out.WriteAsync(ShellScripts.All[call.Get(Shell)!]);
            return ExitCodes.Ok;
        },
    };

    private static Argument<string> Make()
    {
        var argument = new Argument<string>("SHELL") { Description = string.Join(", ", ShellScripts.All.Keys) };
        argument.AcceptOnlyFromAmong([.. ShellScripts.All.Keys]);
        return argument;
    }
}
