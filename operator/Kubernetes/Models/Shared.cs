using System.Text;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>
/// Values of which a cluster's objects hold thousands of equal ones: the keys and values of labels, the names of owners, the sets of fields that managers
/// set. The last ones that were read are remembered, and whoever reads the same again is given the same. Bounded; safe to use from several threads.
/// </summary>
/// <param name="slots">How many are remembered.</param>
/// <param name="make">Makes one from its text.</param>
internal sealed class Shared<T>(int slots, Func<ReadOnlySpan<byte>, T> make)
{
    private readonly Entry?[] _entries = new Entry?[slots];

    /// <summary>The value with this text.</summary>
    public T Of(ReadOnlySpan<byte> utf8)
    {
        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var slot = ref _entries[(uint)hash.ToHashCode() % (uint)_entries.Length];
        if (slot is { } entry && utf8.SequenceEqual(entry.Utf8))
            return entry.Value;
        entry = new(utf8.ToArray(), make(utf8));
        slot = entry; // of two threads one wins, and both are right
        return entry.Value;
    }

    private sealed record Entry(byte[] Utf8, T Value);
}

/// <summary>What is shared.</summary>
internal static class Shared
{
    // Longer ones are hashes and messages: seldom the same twice.
    private const int LongestText = 80;

    private static readonly Shared<string> Texts = new(4096, Encoding.UTF8.GetString);

    /// <summary>The string that the reader is at.</summary>
    public static string? Text(ref Utf8JsonReader reader) => reader is { TokenType: JsonTokenType.String or JsonTokenType.PropertyName, HasValueSequence: false, ValueIsEscaped: false }
        && reader.ValueSpan.Length <= LongestText ? Text(reader.ValueSpan) : reader.GetString();

    /// <summary>The string of this text.</summary>
    public static string Text(ReadOnlySpan<byte> utf8) => Texts.Of(utf8);
}
