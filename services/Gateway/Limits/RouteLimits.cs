namespace Fleet.Gateway;

/// <summary>
/// Keeps each route's buckets as long as its limit is the same. The proxy makes a route's endpoint anew whenever its backend gets another address, and nobody
/// should get a full bucket by that.
/// </summary>
internal sealed class RouteLimits(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (RateLimit Limit, WeakReference<CallerBuckets> Buckets)> _routes = [];

    /// <summary>The caller keeps them; here they are only remembered.</summary>
    public CallerBuckets Of(string route, RateLimit limit)
    {
        lock (_gate)
        {
            if (_routes.TryGetValue(route, out var known) && known.Limit == limit && known.Buckets.TryGetTarget(out var buckets))
                return buckets;
            foreach (var gone in _routes.Where(r => !r.Value.Buckets.TryGetTarget(out _)).Select(r => r.Key).ToArray())
                _routes.Remove(gone);
            buckets = new CallerBuckets(limit, time);
            _routes[route] = (limit, new WeakReference<CallerBuckets>(buckets));
            return buckets;
        }
    }
}
