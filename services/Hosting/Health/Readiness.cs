namespace Fleet.Hosting;

/// <summary>What a readiness check found.</summary>
public abstract record Readiness
{
    private Readiness()
    {
    }

    /// <summary>All is well.</summary>
    public static Readiness Ready { get; } = new IsReady();

    /// <summary>The service can do its work, though something is not as it should be.</summary>
    public static Readiness Warning(string message) => new HasWarning(message);

    /// <summary>The service cannot do its work and should be sent none.</summary>
    public static Readiness NotReady(string message) => new IsNotReady(message);

    internal sealed record IsReady : Readiness;

    internal sealed record HasWarning(string Message) : Readiness;

    internal sealed record IsNotReady(string Message) : Readiness;
}

/// <summary>One of the things that must be well for the service to be sent requests; register it as a service of this type.</summary>
public interface IReadinessCheck
{
    /// <summary>What is checked, in one word: <c>store</c>.</summary>
    string Name { get; }

    /// <summary>Checks it; asked every few seconds. What it throws, and what it does not answer in time, counts as not ready.</summary>
    ValueTask<Readiness> CheckAsync(CancellationToken stop);
}
