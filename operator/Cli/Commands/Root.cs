using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fleet.Cli;

/// <summary>The program: its commands, and how a command line becomes a run of one.</summary>
internal static class Root
{
    // "@" begins no file name here.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    internal static async Task<int> RunAsync(string[] args)
    {
        var parsed = Build().Parse(args, Parsing);
        return parsed.Action is ParseErrorAction mistake ? Refuse(parsed, mistake) : await parsed.InvokeAsync(Streams(Console.Out));
    }

    /// <summary>The words that may stand at the end of a command line, the program's name left out.</summary>
    internal static IEnumerable<string> Suggest(string line) =>
        Build().Parse(line, Parsing).GetCompletions(line.Length).Select(c => c.InsertText ?? c.Label);

    private static RootCommand Build()
    {
        var root = new RootCommand("Fleet Operator: a table of services, run on Kubernetes.")
        {
            UpCommand.Create(),
            DownCommand.Create(),
            RunCommand.Create(),
            PlanCommand.Create(),
            DiffCommand.Create(),
            StatusCommand.Create(),
            TreeCommand.Create(),
            EventsCommand.Create(),
            DoctorCommand.Create(),
            WaitCommand.Create(),
            CrdsCommand.Create(),
            ImagesCommand.Create(),
            CompletionCommand.Create(),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        foreach (var alias in new[] { "-?", "/?", "/h" })
            help.Aliases.Remove(alias); // of another system's habits; a shell would offer them at every turn
        help.Action = new FullHelp((HelpAction)help.Action!);
        root.SetAction(parsed => ((FullHelp)help.Action).Invoke(parsed)); // nothing asked: say what there is to ask
        return root;
    }

    // What is wrong and what was probably meant, not the whole help; and nothing of it among results.
    private static int Refuse(ParseResult parsed, ParseErrorAction mistake)
    {
        mistake.ShowHelp = false;
        parsed.Invoke(Streams(Console.Error)); // it ends with an empty line
        var command = parsed.CommandResult.Command;
        Console.Error.WriteLine($"See '{Program.Name}{(command is RootCommand ? "" : $" {command.Name}")} --help'.");
        return ExitCodes.Usage;
    }

    // Signals and failures are ours: see Signals and Ending.
    private static InvocationConfiguration Streams(TextWriter output) =>
        new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = output, Error = Console.Error };
}
