using System.Text;

namespace Fleet.Local.Schemas;

/// <summary>Takes a protobuf message apart, field by field. Rule: protobuf.dev, "Encoding".</summary>
/// <param name="message">The message.</param>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The field's number.</summary>
    internal int Number { get; private set; }

    /// <summary>How the field's value is written.</summary>
    internal WireType Type { get; private set; }

    /// <summary>The value of a field of type <see cref="WireType.Varint"/>.</summary>
    internal long Integer { get; private set; }

    /// <summary>The value of any other field.</summary>
    internal ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether the value is the zero of its type: nothing would be lost without it.</summary>
    internal readonly bool IsZero => Type switch
    {
        WireType.Varint => Integer == 0,
        WireType.Length => Bytes.IsEmpty,
        _ => !Bytes.ContainsAnyExcept((byte)0),
    };

    /// <summary>The value as text.</summary>
    /// <exception cref="ProtobufFormatException">It is none.</exception>
    internal readonly string Text
    {
        get
        {
            try
            {
                return Utf8.GetString(Bytes);
            }
            catch (ArgumentException e)
            {
                throw new ProtobufFormatException($"field {Number}: a string that is not UTF-8", e);
            }
        }
    }

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="ProtobufFormatException">The bytes are no field.</exception>
    internal bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        var tag = Varint();
        if (tag >> 3 is 0 or > 0x1FFF_FFFF)
            throw new ProtobufFormatException($"no field has the number {tag >> 3}");
        (Number, Type, Integer) = ((int)(tag >> 3), (WireType)(tag & 7), 0);
        Bytes = default;
        switch (Type)
        {
            case WireType.Varint:
                Integer = unchecked((long)Varint());
                break;
            case WireType.Fixed64:
                Bytes = Take(8);
                break;
            case WireType.Length:
                Bytes = Take(Varint());
                break;
            case WireType.Fixed32:
                Bytes = Take(4);
                break;
            default:
                throw new ProtobufFormatException($"field {Number}: the wire type {(int)Type} is not known");
        }

        return true;
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
            throw new ProtobufFormatException($"field {Number}: {length} bytes are announced, {_rest.Length} are left");
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var at = 0; at < _rest.Length && at < 10; at++)
        {
            var part = _rest[at];
            if (at == 9 && part > 1)
                break;
            value |= (ulong)(part & 0x7F) << (7 * at);
            if (part < 0x80)
            {
                _rest = _rest[(at + 1)..];
                return value;
            }
        }

        throw new ProtobufFormatException("a number that has no end");
    }
}

/// <summary>How the value of a field is written.</summary>
internal enum WireType
{
    /// <summary>A whole number, seven bits a byte.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length, and as many bytes: text, bytes, a message.</summary>
    Length = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}
