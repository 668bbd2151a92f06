using Google.Protobuf;

namespace Fleet.Gateway;

/// <summary>One occurrence of a field on the wire. <see cref="Number"/> holds varints and fixed numbers, <see cref="Bytes"/> what has a length.</summary>
/// <param name="Order">Its place in the message: in a oneof the last one counts.</param>
internal readonly record struct WireValue(WireFormat.WireType Type, ulong Number, ByteString Bytes, int Order);

/// <summary>The fields of one encoded message as they came: fields may be in any order, and a field may come more than once.</summary>
internal sealed class WireMessage
{
    private static readonly IReadOnlyList<WireValue> Nothing = [];

    private readonly Dictionary<int, List<WireValue>> _fields = [];

    /// <exception cref="InvalidProtocolBufferException">The bytes are no message.</exception>
    public static WireMessage Parse(ByteString bytes)
    {
        var message = new WireMessage();
        var input = bytes.CreateCodedInput();
        var order = 0;
        while (input.ReadTag() is > 0 and var tag)
        {
            var type = WireFormat.GetTagWireType(tag);
            WireValue value;
            switch (type)
            {
                case WireFormat.WireType.Varint:
                    value = new(type, input.ReadUInt64(), ByteString.Empty, order++);
                    break;
                case WireFormat.WireType.Fixed64:
                    value = new(type, input.ReadFixed64(), ByteString.Empty, order++);
                    break;
                case WireFormat.WireType.Fixed32:
                    value = new(type, input.ReadFixed32(), ByteString.Empty, order++);
                    break;
                case WireFormat.WireType.LengthDelimited:
                    value = new(type, 0, input.ReadBytes(), order++);
                    break;
                default:
                    input.SkipLastField(); // a group, which proto3 does not have
                    continue;
            }

            message.Add(WireFormat.GetTagFieldNumber(tag), value);
        }

        return message;
    }

    public IReadOnlyList<WireValue> this[int field] => _fields.GetValueOrDefault(field) ?? Nothing;

    private void Add(int field, WireValue value)
    {
        if (!_fields.TryGetValue(field, out var values))
            _fields.Add(field, values = new List<WireValue>(1));
        values.Add(value);
    }
}
