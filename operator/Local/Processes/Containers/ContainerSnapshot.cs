namespace Fleet.Local.Processes;

/// <summary>What a container does at one moment.</summary>
internal abstract record ContainerLife
{
    private ContainerLife()
    {
    }

    /// <summary>It does not run yet, or not again yet.</summary>
    public sealed record Waiting(string Reason, string? Message = null) : ContainerLife;

    /// <summary>It runs.</summary>
    public sealed record Running(DateTimeOffset StartedAt) : ContainerLife;

    /// <summary>It has ended.</summary>
    public sealed record Ended(int ExitCode, string Reason, string? Message, DateTimeOffset StartedAt, DateTimeOffset FinishedAt) : ContainerLife;
}

/// <summary>A container as its pod's status shows it.</summary>
internal sealed record ContainerSnapshot(string Name, string Image)
{
    /// <summary>What it does.</summary>
    public ContainerLife Life { get; init; } = new ContainerLife.Waiting("ContainerCreating");

    /// <summary>How the run before ended.</summary>
    public ContainerLife.Ended? Last { get; init; }

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; init; }

    /// <summary>Whether its startup probe has passed.</summary>
    public bool IsStarted { get; init; }

    /// <summary>Whether its readiness probe passes.</summary>
    public bool IsReady { get; init; }

    /// <summary>Its identity: changes with every run; null before the first.</summary>
    public string? Id { get; init; }
}
