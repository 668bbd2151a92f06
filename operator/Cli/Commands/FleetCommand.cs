using System.CommandLine;

namespace Fleet.Cli;

/// <summary>A command whose help says how it is used and how it ends.</summary>
internal sealed class FleetCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines and what they are for.</summary>
    internal IReadOnlyList<(string Line, string For)> Examples { get; init; } = [];

    /// <summary>Its exit codes and what they mean.</summary>
    internal IReadOnlyList<(int Code, string Meaning)> Ends { get; init; } = [];

    /// <summary>What it does.</summary>
    internal Func<Call, CancellationToken, Task<int>> Body
    {
        init => SetAction((parsed, _) => Ending.OfAsync(new(parsed), value));
    }
}
