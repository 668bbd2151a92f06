using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fleet.Auth;

/// <summary>
/// Passwords as PBKDF2 with HMAC-SHA-512 (RFC 8018), kept as <c>pbkdf2-sha512$iterations$salt$hash</c>. The count is the one of OWASP's Password Storage
/// Cheat Sheet; one hash is about a tenth of a second of one core, for us as for who guesses.
/// </summary>
internal sealed class PasswordHasher(int iterations = PasswordHasher.OwaspIterations)
{
    public const int OwaspIterations = 210_000;

    private const string Scheme = "pbkdf2-sha512";
    private const int SaltLength = 16;
    private const int HashLength = 64;

    /// <summary>A hash of no password. Verifying against it takes as long as against a real one, so an unknown e-mail answers no faster.</summary>
    public string Decoy { get; } = Encode(iterations, RandomNumberGenerator.GetBytes(SaltLength), RandomNumberGenerator.GetBytes(HashLength));

    public string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return Encode(iterations, salt, Derive(password, salt, iterations, HashLength));
    }

    /// <summary>Whether it is the password, compared in a time that does not depend on how much of it is right.</summary>
    public static bool Verify(string kept, string password)
    {
        var (count, salt, hash) = Decode(kept);
        return CryptographicOperations.FixedTimeEquals(hash, Derive(password, salt, count, hash.Length));
    }

    /// <summary>Whether it was made with another count than today's, and should be made anew while the password is at hand.</summary>
    public bool IsOutdated(string kept) => Decode(kept).Iterations != iterations;

    private static byte[] Derive(string password, byte[] salt, int count, int length) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, count, HashAlgorithmName.SHA512, length);

    private static string Encode(int count, byte[] salt, byte[] hash) => $"{Scheme}${count}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";

    private static (int Iterations, byte[] Salt, byte[] Hash) Decode(string kept) => kept.Split('$') is [Scheme, var count, var salt, var hash]
        ? (int.Parse(count, CultureInfo.InvariantCulture), Convert.FromBase64String(salt), Convert.FromBase64String(hash))
        : throw new FormatException("the kept password is of an unknown scheme");
}
