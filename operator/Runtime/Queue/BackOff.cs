namespace Fleet.Runtime;

/// <summary>How long to wait after failures in a row: doubled each time up to a ceiling, and spread so that many do not come back at once.</summary>
/// <param name="first">After the first failure.</param>
/// <param name="ceiling">However many there were.</param>
/// <param name="seed">Of the spread; a test gives one to see the same delays each time.</param>
public sealed class BackOff(TimeSpan first, TimeSpan ceiling, int? seed = null)
{
    private readonly Random _random = seed is { } value ? new Random(value) : new Random();

    /// <summary>The wait after so many earlier failures (0 after the first): three to four quarters of the doubled time.</summary>
    public TimeSpan After(int failures)
    {
        // 2^40 times any useful beginning is above any useful ceiling; beyond it the number would overflow.
        var doubled = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Clamp(failures, 0, 40)), ceiling.TotalSeconds);
        double spread;
        lock (_random)
            spread = _random.NextDouble();
        return TimeSpan.FromSeconds(doubled * (0.75 + (0.25 * spread)));
    }
}
