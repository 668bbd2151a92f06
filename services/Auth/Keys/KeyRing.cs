using System.Collections.Immutable;

namespace Fleet.Auth;

/// <summary>A key that tokens are signed with.</summary>
/// <param name="Id">Its thumbprint (RFC 7638), the <c>kid</c>.</param>
/// <param name="CreatedAt">From when on it is published.</param>
/// <param name="SignsFrom">From when on it signs.</param>
/// <param name="PrivateKey">PKCS #8, DER.</param>
internal sealed record SigningKey(string Id, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, ReadOnlyMemory<byte> PrivateKey);

/// <summary>
/// The keys and what each is for at a time. A key is published before it signs, so that caches of the key set know it by then; it signs until the next one
/// does; and it stays published until the last token that it signed has expired.
/// </summary>
/// <param name="Keys">By <see cref="SigningKey.SignsFrom"/>.</param>
internal sealed record KeyRing(ImmutableArray<SigningKey> Keys)
{
    /// <summary>How long before its first signature a key is published: longer than anybody keeps a copy of the key set.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromMinutes(15);

    public static readonly KeyRing Empty = new([]);

    /// <summary>The key that signs now.</summary>
    public SigningKey? Signer(DateTimeOffset now) => Keys.LastOrDefault(k => k.SignsFrom <= now);

    /// <summary>When the next key should be made, or null when one waits for its turn already.</summary>
    public bool NeedsNext(DateTimeOffset now, TimeSpan rotation) => Keys.IsEmpty || (Keys[^1].SignsFrom <= now && now >= Keys[^1].SignsFrom + rotation - Notice);

    /// <summary>From when on a key signs that is made now: the first at once, any other after its notice.</summary>
    public DateTimeOffset NextSignsFrom(DateTimeOffset now) => Keys.IsEmpty ? now : now + Notice;

    /// <summary>Keys that no valid token can be signed with any more.</summary>
    public ImmutableArray<SigningKey> Retired(DateTimeOffset now) =>
        [.. Keys.Where((_, i) => i + 1 < Keys.Length && now > Keys[i + 1].SignsFrom + AccessTokens.Lifetime + Hosting.TokenVerifier.ClockSkew)];

    /// <summary>Their ids, for comparing two rings.</summary>
    public bool SameAs(KeyRing other) => Keys.Select(k => k.Id).SequenceEqual(other.Keys.Select(k => k.Id));
}
