using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Hosting;

/// <summary>Where the keys are that tokens are checked with.</summary>
public interface ITokenKeys
{
    /// <summary>The keys that may have signed a token.</summary>
    /// <param name="keyId">The token's <c>kid</c>; null when it has none, then it may be any key.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <returns>The keys; none when the issuer has no such key; and what went wrong when it could not be asked.</returns>
    ValueTask<(IReadOnlyList<SecurityKey> Keys, string? Fault)> FindAsync(string? keyId, CancellationToken stop);
}

/// <summary>
/// The issuer's public keys (RFC 7517), fetched when they are first needed, again when a token names a key that is not among them, and once in a while, so
/// that withdrawn keys go. The last good ones stay while the issuer is away. Tokens with invented key ids cannot make it ask more than once per
/// <see cref="LeastInterval"/>.
/// </summary>
internal sealed partial class IssuerKeys(ServiceEnvironment environment, TimeProvider time, ILogger<IssuerKeys> log) : ITokenKeys, IDisposable
{
    public static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(5);

    /// <summary>While there are no keys at all it is asked sooner, and requests wait for the answer: an issuer that is there again is found by the next of them.</summary>
    public static readonly TimeSpan LeastIntervalWithout = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    // Keys are fetched from where we were told and from nowhere else.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    })
    {
        Timeout = TimeSpan.FromSeconds(3),
        MaxResponseContentBufferSize = 256 * 1024,
    };

    private readonly Lock _gate = new();
    private Known _known = new([], null, null, null);
    private Task<Known>? _asking;

    /// <inheritdoc/>
    public async ValueTask<(IReadOnlyList<SecurityKey> Keys, string? Fault)> FindAsync(string? keyId, CancellationToken stop)
    {
        var known = Volatile.Read(ref _known);
        var found = known.Of(keyId);
        if (found.Count > 0)
        {
            // Those at hand are used; newer ones are for the next.
            if (time.GetUtcNow() - known.FetchedAt > MaxAge)
                _ = AskAsync(known);
            return (found, null);
        }

        // The waiting ends with the request, the fetch does not: others wait for it as well.
        known = await AskAsync(known).WaitAsync(stop);
        return (known.Of(keyId), known.Fault);
    }

    public void Dispose() => _http.Dispose();

    private Task<Known> AskAsync(Known known)
    {
        lock (_gate)
        {
            if (_asking is { IsCompleted: false })
                return _asking;
            // Somebody may have asked between the look and the lock.
            if (!ReferenceEquals(known, _known))
                return Task.FromResult(_known);
            var hasKeys = _known.Keys.Count > 0;
            var wait = _known.AskedAt + (hasKeys ? LeastInterval : LeastIntervalWithout) - time.GetUtcNow() ?? TimeSpan.Zero;
            if (hasKeys && wait > TimeSpan.Zero)
                return Task.FromResult(_known);
            return _asking = FetchAsync(_known, wait);
        }
    }

    private async Task<Known> FetchAsync(Known before, TimeSpan wait)
    {
        // Not under the lock that the caller holds.
        await Task.Yield();
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time);
        var now = time.GetUtcNow();
        Known after;
        try
        {
            var keys = new JsonWebKeySet(await _http.GetStringAsync(environment.JwksUri ?? await DiscoverAsync()));
            after = new Known([.. keys.Keys.Where(k => k.Use is null or "sig" && k.Kty is "EC" or "RSA")], now, now, null);
        }
        // One that does not answer, answers with an error, or with something that is no key set.
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ArgumentException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            Log.Failed(log, environment.Issuer, e);
            after = before with { AskedAt = now, Fault = "the issuer's keys cannot be had" };
        }

        Volatile.Write(ref _known, after);
        return after;
    }

    private async Task<Uri> DiscoverAsync()
    {
        await using var stream = await _http.GetStreamAsync(new Uri($"{environment.Issuer!.TrimEnd('/')}/.well-known/openid-configuration"));
        using var document = await JsonDocument.ParseAsync(stream);
        return new Uri(document.RootElement.GetProperty("jwks_uri").GetString()!);
    }

    private sealed record Known(IReadOnlyList<JsonWebKey> Keys, DateTimeOffset? FetchedAt, DateTimeOffset? AskedAt, string? Fault)
    {
        public IReadOnlyList<SecurityKey> Of(string? keyId) => keyId is null ? Keys : [.. Keys.Where(k => k.KeyId == keyId)];
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "the keys of the issuer {Issuer} cannot be had; those that are known stay in use")]
        internal static partial void Failed(ILogger logger, string? issuer, Exception fault);
    }
}
