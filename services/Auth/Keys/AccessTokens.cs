using Fleet.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Auth;

/// <summary>A signed access token.</summary>
internal sealed record AccessToken(string Text, string Scope);

/// <summary>Makes access tokens: JSON Web Tokens after RFC 9068, signed with ES256, for every service of the app.</summary>
internal sealed class AccessTokens(SigningKeys keys, AuthSettings settings, TimeProvider time)
{
    /// <summary>Short, since nothing can take a token back.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>The scope of everybody who logged in.</summary>
    public const string UserScope = "fleet:user";

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <exception cref="DependencyUnavailableException">There is no key yet.</exception>
    public AccessToken For(Account account)
    {
        var now = time.GetUtcNow();
        var scope = settings.OperatorEmails.Contains(account.Email) ? $"{UserScope} {Caller.OperatorScope}" : UserScope;
        var text = _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = settings.Issuer,
            IssuedAt = now.UtcDateTime,
            Expires = (now + Lifetime).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                ["aud"] = settings.Audiences is [var only] ? only : settings.Audiences.ToArray(),
                ["sub"] = account.Id,
                ["scope"] = scope,
                ["jti"] = Guid.CreateVersion7(now).ToString(),
            },
            SigningCredentials = keys.Signer,
        });
        return new AccessToken(text, scope);
    }
}
