using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Hosting;

/// <summary>What a token that was found genuine said, and by which keys it was.</summary>
/// <param name="Caller">Who sends it.</param>
/// <param name="KeyId">Its <c>kid</c>, or null.</param>
/// <param name="Keys">The issuer's keys of that id at the time: the answer holds only while they are the same.</param>
/// <param name="NotBefore">Its <c>nbf</c>.</param>
/// <param name="Expires">Its <c>exp</c>.</param>
internal sealed record VerifiedToken(Caller Caller, string? KeyId, IReadOnlyList<SecurityKey> Keys, DateTime? NotBefore, DateTime? Expires)
{
    /// <summary>Whether these are still the keys that it was verified with. A withdrawn key, or keys that were fetched anew, are others.</summary>
    public bool WasVerifiedWith(IReadOnlyList<SecurityKey> keys)
    {
        if (keys.Count != Keys.Count)
            return false;
        for (var i = 0; i < keys.Count; i++)
        {
            if (!ReferenceEquals(keys[i], Keys[i]))
                return false;
        }

        return true;
    }
}

/// <summary>
/// Tokens whose signature was verified lately, by their SHA-256: a client sends the same token with each request, and a signature takes longer to verify than all the rest of a request.
/// Only genuine tokens are kept, so nobody without one can fill it; and there are two generations, of which the older goes when the younger is full, so it is bounded without a clock.
/// </summary>
internal sealed class VerifiedTokens
{
    /// <summary>How many tokens a generation holds.</summary>
    public const int Generation = 5_000;

    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<Digest, VerifiedToken> _young = new();
    private volatile ConcurrentDictionary<Digest, VerifiedToken> _old = new();

    /// <summary>How many there are.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>What is known of a token, or null.</summary>
    public VerifiedToken? Find(string token)
    {
        var digest = Digest.Of(token);
        if (_young.TryGetValue(digest, out var found))
            return found;
        if (_old.TryRemove(digest, out found))
            Add(digest, found); // in use: it outlives the older generation
        return found;
    }

    /// <summary>Keeps a token that was found genuine.</summary>
    public void Add(string token, VerifiedToken verified) => Add(Digest.Of(token), verified);

    private void Add(Digest digest, VerifiedToken verified)
    {
        lock (_gate)
        {
            if (_young.Count >= Generation)
                (_old, _young) = (_young, new());
            _young[digest] = verified;
        }
    }

    /// <summary>The SHA-256 of a token.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Digest(UInt128 First, UInt128 Second)
    {
        public static Digest Of(string token)
        {
            Span<UInt128> hash = stackalloc UInt128[2];
            SHA256.HashData(MemoryMarshal.AsBytes(token.AsSpan()), MemoryMarshal.AsBytes(hash));
            return new(hash[0], hash[1]);
        }
    }
}
