using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>
/// Password checks in turns. Those for one address go one after the other, or a hundred sent at once would all be looked at before the first counted as
/// wrong. Over all addresses no more run than there are processors, so that hashing cannot starve the rest. Who finds the queue full comes again.
/// </summary>
internal sealed class LoginTurns : IDisposable
{
    private readonly PartitionedRateLimiter<string> _byAddress = PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetConcurrencyLimiter(address, static _ => new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = 10 }));

    private readonly ConcurrencyLimiter _hashing = new(new ConcurrencyLimiterOptions { PermitLimit = Environment.ProcessorCount, QueueLimit = 200 });

    /// <summary>What an address is counted under: a hash, so that the counters are no list of the addresses that somebody tried.</summary>
    public static string KeyOf(EmailAddress email) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(email.Key)));

    /// <summary>Waits for the address' turn; dispose the lease to end it.</summary>
    public ValueTask<RateLimitLease> TakeAsync(string address, CancellationToken stop) => _byAddress.AcquireAsync(address, 1, stop);

    /// <summary>Runs one hash, off the request's thread.</summary>
    /// <exception cref="DependencyUnavailableException">Too many wait already.</exception>
    public async Task<T> HashAsync<T>(Func<T> hash, CancellationToken stop)
    {
        using var lease = await _hashing.AcquireAsync(1, stop);
        if (!lease.IsAcquired)
            throw new DependencyUnavailableException("passwords", "too many passwords are being checked at once");
        return await Task.Run(hash, stop);
    }

    public void Dispose()
    {
        _byAddress.Dispose();
        _hashing.Dispose();
    }
}
