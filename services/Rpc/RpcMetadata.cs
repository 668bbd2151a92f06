using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Fleet.Rpc;

/// <summary>
/// Metadata of a call in the order it came, values as on the wire: text, or base64 when the key ends in <c>-bin</c>
/// (gRPC over HTTP/2, "Requests", Custom-Metadata).
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "The field calls it metadata.")]
public sealed class RpcMetadata : IEnumerable<KeyValuePair<string, string>>
{
    // Headers of HTTP and of the protocol itself; everything else is metadata.
    private static readonly HashSet<string> Protocol = new(StringComparer.OrdinalIgnoreCase)
    {
        "content-type", "content-length", "te", "host", "user-agent", "connection", "transfer-encoding", "trailer", "date", "server", "accept-encoding",
    };

    private readonly List<KeyValuePair<string, string>> _entries = [];

    /// <summary>Adds text.</summary>
    /// <param name="key">Lower case letters, digits, <c>_ - .</c>; not <c>grpc-…</c>, and not <c>…-bin</c>.</param>
    /// <param name="value">Printable ASCII.</param>
    /// <exception cref="ArgumentException">The protocol cannot carry it.</exception>
    public void Add(string key, string value)
    {
        CheckKey(key, binary: false);
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException($"metadata '{key}' holds more than printable ASCII; use a key that ends in -bin", nameof(value));
        _entries.Add(new(key, value));
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="key">As for text, but ending in <c>-bin</c>.</param>
    /// <param name="value">Any bytes.</param>
    /// <exception cref="ArgumentException">The key is none for bytes.</exception>
    public void Add(string key, ReadOnlySpan<byte> value)
    {
        CheckKey(key, binary: true);
        // "Implementations … should emit un-padded values."
        _entries.Add(new(key, Convert.ToBase64String(value).TrimEnd('=')));
    }

    /// <summary>The first value of a key as text; null when there is none.</summary>
    public string? Find(string key)
    {
        foreach (var (name, value) in _entries)
        {
            if (name == key)
                return value;
        }

        return null;
    }

    /// <summary>The values of a key that ends in <c>-bin</c>; those that are not base64 are left out.</summary>
    public IEnumerable<byte[]> Bytes(string key) => _entries.Where(e => e.Key == key).SelectMany(e => Decode(e.Value)).OfType<byte[]>();

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _entries.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void AddAll(RpcMetadata other) => _entries.AddRange(other._entries);

    internal static RpcMetadata From(IHeaderDictionary headers)
    {
        var metadata = new RpcMetadata();
        foreach (var (key, values) in headers)
        {
            foreach (var value in values)
                metadata.Take(key, value);
        }

        return metadata;
    }

    internal static RpcMetadata From(System.Net.Http.Headers.HttpHeaders headers)
    {
        var metadata = new RpcMetadata();
        // Not validated: a value is the sender's text, never to be split at commas or parsed.
        foreach (var (key, values) in headers.NonValidated)
        {
            foreach (var value in values)
                metadata.Take(key, value);
        }

        return metadata;
    }

    internal static byte[]? FromBase64(string value)
    {
        // "MUST accept padded and un-padded values."
        var padded = value.Length % 4 == 0 ? value : value.PadRight(value.Length + 4 - (value.Length % 4), '=');
        var bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out var length) ? bytes[..length] : null;
    }

    // Several values of one binary key may come joined by commas, which base64 does not contain.
    private static IEnumerable<byte[]?> Decode(string value) =>
        value.Split(',', StringSplitOptions.TrimEntries).Select(FromBase64);

    private static void CheckKey(string key, bool binary)
    {
        if (key.Length == 0 || key.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-' or '.')))
            throw new ArgumentException($"'{key}' is no metadata key: lower case letters, digits, _ - . only", nameof(key));
        if (key.StartsWith("grpc-", StringComparison.Ordinal) || Protocol.Contains(key))
            throw new ArgumentException($"'{key}' belongs to the protocol", nameof(key));
        if (key.EndsWith("-bin", StringComparison.Ordinal) != binary)
            throw new ArgumentException(binary ? $"bytes need a key that ends in -bin, '{key}' does not" : $"'{key}' is a key for bytes", nameof(key));
    }

    private void Take(string key, string? value)
    {
        if (value is not null && !key.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) && !key.StartsWith(':') && !Protocol.Contains(key))
            _entries.Add(new(key.ToLowerInvariant(), value));
    }
}
