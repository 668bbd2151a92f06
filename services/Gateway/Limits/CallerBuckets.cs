using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace Fleet.Gateway;

/// <summary>
/// A token bucket per caller of one route. The number of buckets is bounded: when there are too many, those that are full again go, for a new one would be no
/// different; when none is, newcomers share one.
/// </summary>
internal sealed class CallerBuckets(RateLimit limit, TimeProvider time)
{
    public const int MaxCallers = 10_000;

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new();
    private readonly Bucket _shared = new(limit);
    private readonly TimeSpan _untilFull = TimeSpan.FromSeconds(limit.Burst / limit.PerSecond);
    private readonly Lock _sweeping = new();
    private int _count;
    private long _swept;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Null when there was a token to take; else how long to wait for one.</summary>
    public TimeSpan? Take(string caller)
    {
        var now = time.GetTimestamp();
        if (!_buckets.TryGetValue(caller, out var bucket))
            bucket = Add(caller, now);
        return bucket.Take(now);
    }

    private Bucket Add(string caller, long now)
    {
        if (Count >= MaxCallers)
        {
            Sweep(now);
            if (Count >= MaxCallers)
                return _shared;
        }

        var added = new Bucket(limit);
        var bucket = _buckets.GetOrAdd(caller, added);
        if (bucket == added)
            Interlocked.Increment(ref _count);
        return bucket;
    }

    private void Sweep(long now)
    {
        lock (_sweeping)
        {
            if (_swept != 0 && time.GetElapsedTime(_swept, now) < TimeSpan.FromSeconds(1))
                return;
            _swept = now;
            foreach (var (caller, bucket) in _buckets)
            {
                if (time.GetElapsedTime(bucket.LastUsed, now) > _untilFull && _buckets.TryRemove(caller, out _))
                    Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>It is filled when it is used: a timer per caller would cost more than the requests.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "Without a timer the limiter holds nothing but memory.")]
    private sealed class Bucket(RateLimit limit)
    {
        private readonly TokenBucketRateLimiter _tokens = new(new TokenBucketRateLimiterOptions
        {
            TokenLimit = limit.Burst,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1 / limit.PerSecond),
            AutoReplenishment = false,
            QueueLimit = 0,
        });

        private long _lastUsed;

        public long LastUsed => Volatile.Read(ref _lastUsed);

        public TimeSpan? Take(long now)
        {
            Volatile.Write(ref _lastUsed, now);
            _tokens.TryReplenish();
            using var lease = _tokens.AttemptAcquire();
            if (lease.IsAcquired)
                return null;
            return lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1 / limit.PerSecond);
        }
    }
}
