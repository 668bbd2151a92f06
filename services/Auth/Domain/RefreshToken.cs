using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Fleet.Auth;

/// <summary>
/// A refresh token: 256 random bits, kept as a hash alone. It is good for one refresh, which answers with the next one. All that come from one login are a
/// session; a token that is used a second time is in two hands, so it ends the whole session (RFC 9700, section 4.14.2).
/// </summary>
internal static class RefreshToken
{
    /// <summary>How long an unused one is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>How long a session can be prolonged before the password is asked for again.</summary>
    public static readonly TimeSpan SessionLifetime = TimeSpan.FromDays(90);

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is kept of it. A plain hash is enough: nobody can guess 256 bits.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}

/// <summary>What became of a refresh token that was given.</summary>
internal abstract record Rotation
{
    /// <summary>It was good, and is used up; the next one is kept.</summary>
    public sealed record Rotated(Account Account) : Rotation;

    /// <summary>It was used before: its session is revoked.</summary>
    public sealed record Reused(string AccountId) : Rotation;

    /// <summary>It is unknown, has expired, or its session has ended.</summary>
    public sealed record Refused : Rotation;
}
