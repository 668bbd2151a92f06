namespace Fleet.Auth;

/// <summary>
/// How wrong passwords slow the next ones down: a few are free, then each doubles the time in which none is looked at. It never locks for good, so that who
/// knows an address can annoy its owner for a quarter of an hour at most.
/// </summary>
/// <param name="Failures">Wrong passwords in a row.</param>
/// <param name="LastAt">When the last one was given.</param>
/// <param name="Until">No password is looked at before this.</param>
internal sealed record Lockout(int Failures, DateTimeOffset LastAt, DateTimeOffset? Until)
{
    /// <summary>A person's typing errors.</summary>
    public const int Free = 5;

    public static readonly TimeSpan First = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>Failures are forgotten when there was none for so long.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    public static readonly Lockout None = new(0, DateTimeOffset.MinValue, null);

    /// <summary>The state after one more wrong password.</summary>
    public Lockout Failed(DateTimeOffset now)
    {
        var failures = (now - LastAt > Memory ? 0 : Failures) + 1;
        return new Lockout(failures, now, failures < Free ? null : now + Pause(failures));
    }

    /// <summary>How long no password is looked at, from now; zero when one is.</summary>
    public TimeSpan Remaining(DateTimeOffset now) => Until > now ? Until.Value - now : TimeSpan.Zero;

    private static TimeSpan Pause(int failures)
    {
        // The exponent is bounded before it is used: 2^1000 is no TimeSpan.
        var pause = First * Math.Pow(2, Math.Min(failures - Free, 20));
        return pause < Longest ? pause : Longest;
    }
}
