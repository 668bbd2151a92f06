using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Fleet.Cli;

/// <summary>A command's help with its examples and exit codes.</summary>
internal sealed class FullHelp(HelpAction usual) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var streams = parseResult.InvocationConfiguration;
        var output = streams.Output;
        using var text = new StringWriter();
        streams.Output = text;
        usual.Invoke(parseResult);
        streams.Output = output;

        if (parseResult.CommandResult.Command is FleetCommand command)
            Append(text, command);
        else
            text.WriteLine($"See '{Program.Usual} COMMAND --help' for examples and exit codes. FLEET_DEBUG=1 adds stack traces to errors.");
        // All of it is written for `fleet`; a plugin is called by kubectl.
        output.Write(Program.Name == Program.Usual ? text.ToString() : text.ToString().Replace($"{Program.Usual} ", $"{Program.Name} ", StringComparison.Ordinal));
        return ExitCodes.Ok;
    }

    private static void Append(StringWriter text, FleetCommand command)
    {
        text.WriteLine("Examples:");
        foreach (var (line, use) in command.Examples)
        {
            text.WriteLine($"  # {use}");
            text.WriteLine($"  {line}");
        }

        text.WriteLine();
        text.WriteLine("Exit codes:");
        foreach (var (code, meaning) in command.Ends)
            text.WriteLine($"  {code,-4} {meaning}");
    }
}
