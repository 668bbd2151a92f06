using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

public sealed partial class WireToJson
{
    private void WellKnownMessage(WireMessage message, MessageDescriptor type)
    {
        switch (type.FullName)
        {
            case WellKnown.Timestamp:
                _json.WriteStringValue(WellKnownText.Timestamp(Number(message, 1), (int)Number(message, 2)) ?? throw Wrong("a time out of range"));
                break;
            case WellKnown.Duration:
                _json.WriteStringValue(WellKnownText.Duration(Number(message, 1), (int)Number(message, 2)) ?? throw Wrong("a duration out of range"));
                break;
            case WellKnown.FieldMask:
                _json.WriteStringValue(string.Join(',', message[1].Select(v =>
                    WellKnownText.CamelCase(Text(v.Bytes)) ?? throw Wrong($"the path {Text(v.Bytes)} has no lowerCamelCase form"))));
                break;
            case WellKnown.Struct:
                _json.WriteStartObject();
                MapEntries(message[1], type.FindFieldByNumber(1));
                _json.WriteEndObject();
                break;
            case WellKnown.ListValue:
                _json.WriteStartArray();
                foreach (var value in message[1])
                    Value(value, type.FindFieldByNumber(1));
                _json.WriteEndArray();
                break;
            case WellKnown.Value:
                AnyJson(message, type);
                break;
            case WellKnown.Any:
                Any(message);
                break;
            default: // a wrapper
                Scalar(LastOrDefault(message[1], type.FindFieldByNumber(1)), type.FindFieldByNumber(1));
                break;
        }
    }

    private static long Number(WireMessage message, int field) =>
        (long)message[field].LastOrDefault(v => v.Type == WireFormat.WireType.Varint).Number;

    private void AnyJson(WireMessage message, MessageDescriptor type)
    {
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            if (Occurrences(message, field) is not { Count: > 0 } values)
                continue;
            if (field.FieldType == FieldType.Message)
                Message(Merged(values), field.MessageType);
            else if (field.FieldType == FieldType.Double && !double.IsFinite(BitConverter.UInt64BitsToDouble(values[^1].Number)))
                throw Wrong("a google.protobuf.Value cannot hold NaN or an infinity");
            else
                Scalar(values[^1], field);
            return;
        }

        _json.WriteNullValue(); // no kind set: an error by the letter, but one of the sender that the receiver cannot mend
    }

    private void Any(WireMessage message)
    {
        _json.WriteStartObject();
        if (message[1] is { Count: > 0 } url)
        {
            var typeUrl = Text(url[^1].Bytes);
            var name = typeUrl[(typeUrl.LastIndexOf('/') + 1)..];
            var type = _types.FindMessage(name) ?? throw new UnknownTypeException(Path(), name);
            _json.WriteString("@type", typeUrl);
            var content = message[2] is { Count: > 0 } bytes ? bytes[^1].Bytes : ByteString.Empty;
            if (WellKnown.HasJsonOfItsOwn(type))
            {
                _json.WritePropertyName("value");
                Message(content, type);
            }
            else
            {
                if (++_depth > JsonToWire.MaxDepth)
                    throw Wrong($"more than {JsonToWire.MaxDepth} messages within each other");
                Fields(WireMessage.Parse(content), type);
                _depth--;
            }
        }

        _json.WriteEndObject();
    }
}
