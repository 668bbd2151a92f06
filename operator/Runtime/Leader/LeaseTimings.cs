namespace Fleet.Runtime;

/// <summary>The times of a lease, as client-go names and sets them: a holder that could not renew stops well before others may take over.</summary>
/// <param name="Duration">For how long others leave the lease alone after they saw it renewed.</param>
/// <param name="RenewDeadline">For how long a holder tries to renew before it stops; shorter than <paramref name="Duration"/>.</param>
/// <param name="RetryPeriod">How often the lease is renewed by its holder, and looked at by others.</param>
public sealed record LeaseTimings(TimeSpan Duration, TimeSpan RenewDeadline, TimeSpan RetryPeriod)
{
    /// <summary>15, 10 and 2 seconds.</summary>
    public static LeaseTimings Default { get; } = new(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2));
}
