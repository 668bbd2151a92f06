namespace Fleet.Local.Processes;

/// <summary>How a node runs.</summary>
public sealed record NodeOptions
{
    /// <summary>The node's name.</summary>
    public string Name { get; init; } = "local";

    /// <summary>The folder of its state: volumes, logs, copies of programs. One node at a time may use it.</summary>
    public required string Directory { get; init; }

    /// <summary>Which images stand for programs.</summary>
    public required IPrograms Programs { get; init; }

    /// <summary>The addresses that it gives to pods and proxies.</summary>
    public required LoopbackRange Addresses { get; init; }

    /// <summary>Ports of 127.0.0.1 by the Service's port that is to be reached there.</summary>
    public IReadOnlyDictionary<ServicePortName, int>? WantedPorts { get; init; }

    /// <summary>Where a command starts whose container names no workingDir.</summary>
    public string WorkingDirectory { get; init; } = Environment.CurrentDirectory;

    /// <summary>Whether pods of no node are taken, as there is no scheduler.</summary>
    public bool BindsPods { get; init; } = true;

    /// <summary>Whether a scheduler may choose it.</summary>
    public bool IsSchedulable { get; init; } = true;

    /// <summary>Whether claims of volumes are marked as bound, as there is no volume controller.</summary>
    public bool BindsClaims { get; init; } = true;

    /// <summary>How long processes have to end when the node is stopped.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(3);
}
