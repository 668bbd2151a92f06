using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Hosting;

/// <summary>Tells whether an access token (RFC 9068) is genuine and meant for this app, by the issuer's published keys.</summary>
public sealed partial class TokenVerifier
{
    /// <summary>By how much the clocks of two machines may differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Longer ones are not ours; in characters.</summary>
    private const int MaxLength = 8 * 1024;

    private readonly VerifiedTokens _verified = new();
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxLength };
    private readonly ServiceEnvironment _environment;
    private readonly ITokenKeys _keys;
    private readonly TimeProvider _time;

    /// <summary>A verifier for the issuer and the audiences of the environment.</summary>
    public TokenVerifier(ServiceEnvironment environment, ITokenKeys keys, TimeProvider time, ILogger<TokenVerifier> log)
    {
        (_environment, _keys, _time) = (environment, keys, time);
        if (!IsEnabled)
            Log.NoIssuer(log);
    }

    /// <summary>Whether the app has an issuer. Without one there are no tokens, and each caller is <see cref="Caller.Anyone"/>.</summary>
    public bool IsEnabled => _environment.Issuer is not null;

    /// <summary>Verifies a token.</summary>
    /// <param name="token">What follows <c>Bearer</c>.</param>
    /// <param name="stop">Ends the waiting for the issuer's keys.</param>
    public async ValueTask<TokenResult> VerifyAsync(string token, CancellationToken stop = default)
    {
        if (token.Length > MaxLength)
            return new TokenResult.Invalid("the token is too long");

        // The keys are asked for each time: they age, and a withdrawn one ends every token that it signed.
        if (_verified.Find(token) is { } known && known.WasVerifiedWith((await _keys.FindAsync(known.KeyId, stop)).Keys))
            return IsInTime(known.NotBefore, known.Expires) ? new TokenResult.Valid(known.Caller) : Expired;
        JsonWebToken parsed;
        try
        {
            parsed = _handler.ReadJsonWebToken(token);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            return new TokenResult.Invalid("it is no token");
        }

        // Before a key is looked for: the token may not choose an algorithm, "none" least of all (RFC 8725, section 3.1).
        if (!_environment.TokenAlgorithms.Contains(parsed.Alg))
            return new TokenResult.Invalid("the token's signature algorithm is not accepted");

        var keyId = string.IsNullOrEmpty(parsed.Kid) ? null : parsed.Kid;
        var (keys, fault) = await _keys.FindAsync(keyId, stop);
        if (keys.Count == 0)
            return fault is null ? new TokenResult.Invalid("the token's key is not the issuer's") : new TokenResult.Unavailable(fault);

        DateTime? begin = null, end = null;
        var result = await _handler.ValidateTokenAsync(parsed, new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            TryAllIssuerSigningKeys = false,
            ValidIssuer = _environment.Issuer,
            ValidAudiences = _environment.Audiences,
            ValidAlgorithms = _environment.TokenAlgorithms,
            LifetimeValidator = (notBefore, expires, _, _) => IsInTime(begin = notBefore, end = expires),
            RequireExpirationTime = true,
        });
        if (!result.IsValid)
            return new TokenResult.Invalid(Reason(result.Exception));
        if (parsed.Subject is not { Length: > 0 } subject)
            return new TokenResult.Invalid("the token names no subject");
        var caller = new Caller(subject, Scopes(parsed));
        _verified.Add(token, new(caller, keyId, keys, begin, end));
        return new TokenResult.Valid(caller);
    }

    private static TokenResult.Invalid Expired { get; } = new("the token has expired or is not valid yet");

    private static string Reason(Exception fault) => fault switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException => Expired.Reason,
        SecurityTokenInvalidIssuerException => "the token is of another issuer",
        SecurityTokenInvalidAudienceException => "the token is meant for somebody else",
        _ => "the token's signature is wrong",
    };

    // One string with spaces (RFC 8693), or, with some issuers, an array.
    private static HashSet<string> Scopes(JsonWebToken token) =>
        [.. token.Claims.Where(c => c.Type is "scope").SelectMany(c => c.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private bool IsInTime(DateTime? notBefore, DateTime? expires)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return expires is { } end && now < end + ClockSkew && !(notBefore is { } begin && now < begin - ClockSkew);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "AUTH__ISSUER is not set: callers are not asked who they are, and each may see and change everything")]
        internal static partial void NoIssuer(ILogger logger);
    }
}
