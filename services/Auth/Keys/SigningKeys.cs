using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Fleet.Hosting;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Auth;

/// <summary>Where the keys are kept, for every replica.</summary>
internal interface ISigningKeyStore
{
    /// <summary>Reads the keys, and in the same transaction adds what the decision adds and removes what it removes.</summary>
    /// <returns>The keys afterwards.</returns>
    Task<KeyRing> UpdateAsync(Func<KeyRing, (SigningKey? Add, IReadOnlyList<SigningKey> Remove)> decide, CancellationToken stop);
}

/// <summary>The keys in use: one immutable set at a time, brought up to date by <see cref="Housekeeping"/>. Ready once there is one.</summary>
internal sealed partial class SigningKeys(ISigningKeyStore store, AuthSettings settings, TimeProvider time, ILogger<SigningKeys> log) : ITokenKeys, IReadinessCheck
{
    private volatile Loaded _loaded = new(KeyRing.Empty);

    public string Name => "keys";

    /// <summary>Whether there are any.</summary>
    public bool Any => _loaded.Private.Count > 0;

    /// <summary>The public keys as a JSON Web Key Set (RFC 7517).</summary>
    public ReadOnlyMemory<byte> KeySet => _loaded.KeySet;

    /// <summary>What signs now.</summary>
    /// <exception cref="DependencyUnavailableException">There is no key yet, since the store was not to be had so far.</exception>
    public SigningCredentials Signer => _loaded.Ring.Signer(time.GetUtcNow()) is { } signer
        ? new SigningCredentials(_loaded.Private[signer.Id], SecurityAlgorithms.EcdsaSha256)
        : throw new DependencyUnavailableException(Name, "there is no key to sign with yet");

    /// <summary>Reads the keys of all replicas, makes the next one when it is due, and drops those that are of no use.</summary>
    public async Task UpdateAsync(CancellationToken stop)
    {
        var ring = await store.UpdateAsync(
            ring =>
            {
                var now = time.GetUtcNow();
                return (ring.NeedsNext(now, settings.KeyRotation) ? New(now, ring.NextSignsFrom(now)) : null, ring.Retired(now));
            },
            stop);
        if (ring.SameAs(_loaded.Ring))
            return;
        _loaded = new Loaded(ring);
        Log.Changed(log, string.Join(", ", ring.Keys.Select(k => k.Id)));
    }

    public ValueTask<(IReadOnlyList<SecurityKey> Keys, string? Fault)> FindAsync(string? keyId, CancellationToken stop)
    {
        var keys = _loaded.Private;
        IReadOnlyList<SecurityKey> found = keyId is null ? [.. keys.Values] : keys.TryGetValue(keyId, out var key) ? [key] : [];
        return new((found, keys.Count == 0 ? "there are no keys yet" : null));
    }

    public ValueTask<Readiness> CheckAsync(CancellationToken stop) =>
        new(Any ? Readiness.Ready : Readiness.NotReady("there is no key to sign with yet"));

    private static SigningKey New(DateTimeOffset now, DateTimeOffset signsFrom)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = Base64UrlEncoder.Encode(JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(key)).ComputeJwkThumbprint());
        return new SigningKey(id, now, signsFrom, key.ExportPkcs8PrivateKey());
    }

    /// <summary>A ring with its keys ready for use. Replaced ones are left to the collector: a signature may still be in the making.</summary>
    private sealed class Loaded
    {
        public Loaded(KeyRing ring)
        {
            Ring = ring;
            Private = ring.Keys.ToDictionary(k => k.Id, Import);
            KeySet = Write(Private.Values);
        }

        public KeyRing Ring { get; }

        public Dictionary<string, ECDsaSecurityKey> Private { get; }

        public ReadOnlyMemory<byte> KeySet { get; }

        private static ECDsaSecurityKey Import(SigningKey kept)
        {
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(kept.PrivateKey.Span, out _);
            return new ECDsaSecurityKey(key) { KeyId = kept.Id };
        }

        private static ReadOnlyMemory<byte> Write(IEnumerable<ECDsaSecurityKey> keys)
        {
            var body = new ArrayBufferWriter<byte>();
            using var json = new Utf8JsonWriter(body);
            json.WriteStartObject();
            json.WriteStartArray("keys");
            foreach (var key in keys)
            {
                var point = key.ECDsa.ExportParameters(includePrivateParameters: false).Q;
                json.WriteStartObject();
                json.WriteString("kty", "EC");
                json.WriteString("crv", "P-256");
                json.WriteString("x", Base64UrlEncoder.Encode(point.X));
                json.WriteString("y", Base64UrlEncoder.Encode(point.Y));
                json.WriteString("kid", key.KeyId);
                json.WriteString("use", "sig");
                json.WriteString("alg", "ES256");
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
            return body.WrittenMemory;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "the published keys are now {Keys}")]
        internal static partial void Changed(ILogger logger, string keys);
    }
}
