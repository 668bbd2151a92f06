using System.Runtime.InteropServices;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>Where in an object's JSON its metadata is, and what of it is cut out to take <c>managedFields</c> away.</summary>
/// <param name="Metadata">The value of <c>metadata</c>; null where there is none.</param>
/// <param name="Cut">The managedFields with one comma; empty where there are none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ObjectParts(Range? Metadata, Range Cut)
{
    /// <summary>Finds them, in one pass over the text.</summary>
    /// <exception cref="JsonException">The text is no object.</exception>
    public static ObjectParts Of(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = KubeJson.MaxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("the text is no object");
        ObjectParts parts = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (isMetadata && reader.TokenType == JsonTokenType.StartObject)
                parts = new(null, CutOf(ref reader));
            else
                reader.Skip();
            if (isMetadata)
                parts = parts with { Metadata = start..(int)reader.BytesConsumed };
        }

        while (reader.Read())
        {
            // What stands after the object is no JSON, and the reader says so.
        }

        return parts;
    }

    // From the name to the next name; of the last field, from the end of the one before it.
    private static Range CutOf(ref Utf8JsonReader reader)
    {
        var (before, cut) = ((int)reader.BytesConsumed, default(Range));
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isCut, name) = (reader.ValueTextEquals("managedFields"u8), (int)reader.TokenStartIndex);
            reader.Read();
            reader.Skip();
            if (!isCut)
            {
                before = (int)reader.BytesConsumed;
                continue;
            }

            var end = (int)reader.BytesConsumed;
            var next = reader; // a look ahead
            next.Read();
            cut = next.TokenType == JsonTokenType.PropertyName ? name..(int)next.TokenStartIndex : before..end;
        }

        return cut;
    }
}
