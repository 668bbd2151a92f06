namespace Fleet.Cli;

/// <summary>A command cannot go on. The message names what is wrong and the fix; it is all that people see.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How the program ends.</summary>
    internal int ExitCode => exitCode;

    /// <summary>Something that was given is wrong.</summary>
    internal static CommandException Usage(string message, Exception? inner = null) => new(ExitCodes.Usage, message, inner);
}
