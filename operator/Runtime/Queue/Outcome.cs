namespace Fleet.Runtime;

/// <summary>How a pass ended. There is no fourth way: what is thrown is retried with back-off.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>The object is as it should be; only a change brings it back.</summary>
    public static Outcome Settled { get; } = new AllSettled();

    /// <summary>The object wants another pass at a known time, a deadline for instance.</summary>
    public static Outcome Again(TimeSpan after) => new RunAgain(after);

    /// <summary>No pass can help until someone changes something; said once in the log, not retried.</summary>
    public static Outcome GiveUp(string reason) => new GivenUp(reason);

    /// <summary>The case of <see cref="Settled"/>.</summary>
    public sealed record AllSettled : Outcome;

    /// <summary>The case of <see cref="Again"/>.</summary>
    /// <param name="After">From now.</param>
    public sealed record RunAgain(TimeSpan After) : Outcome;

    /// <summary>The case of <see cref="GiveUp"/>.</summary>
    /// <param name="Reason">Why, for people.</param>
    public sealed record GivenUp(string Reason) : Outcome;
}
