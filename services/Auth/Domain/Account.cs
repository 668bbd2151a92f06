using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>A login.</summary>
/// <param name="Id">The <c>sub</c> of its tokens, for good: a UUID of version 7 (RFC 9562) in lower case.</param>
/// <param name="Email">What it logs in with.</param>
/// <param name="PasswordHash">See <see cref="PasswordHasher"/>.</param>
/// <param name="CreatedAt">When it was registered.</param>
internal sealed record Account(string Id, EmailAddress Email, string PasswordHash, DateTimeOffset CreatedAt)
{
    public static Account New(EmailAddress email, string passwordHash, DateTimeOffset now) => new(Guid.CreateVersion7(now).ToString(), email, passwordHash, now);
}
