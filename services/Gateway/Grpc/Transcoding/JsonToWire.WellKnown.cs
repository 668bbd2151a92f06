using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

public sealed partial class JsonToWire
{
    private const string TypeMember = "@type";

    private void WellKnownMessage(JsonElement json, MessageDescriptor type, CodedOutputStream output)
    {
        switch (type.FullName)
        {
            case WellKnown.Timestamp:
                SecondsAndNanos(WellKnownText.ParseTimestamp(String(json)) ?? throw NotA("time like 2026-01-31T12:00:00Z", json), output);
                break;
            case WellKnown.Duration:
                SecondsAndNanos(WellKnownText.ParseDuration(String(json)) ?? throw NotA("duration like 1.5s", json), output);
                break;
            case WellKnown.FieldMask:
                FieldMask(String(json), output);
                break;
            case WellKnown.Struct: // one map field, whose JSON is the map's
                Map(json, type.FindFieldByNumber(1), output);
                break;
            case WellKnown.ListValue:
                if (json.ValueKind != JsonValueKind.Array)
                    throw NotA("list", json);
                List(json, type.FindFieldByNumber(1), output);
                break;
            case WellKnown.Value:
                Value(json, type, output);
                break;
            case WellKnown.Any:
                Any(json, output);
                break;
            default: // a wrapper
                Field(json, type.FindFieldByNumber(1), output);
                break;
        }
    }

    private static void SecondsAndNanos((long Seconds, int Nanos) time, CodedOutputStream output)
    {
        Number(1, time.Seconds);
        Number(2, time.Nanos);

        void Number(int field, long value)
        {
            if (value == 0)
                return;
            output.WriteTag(field, WireFormat.WireType.Varint);
            output.WriteInt64(value);
        }
    }

    private void FieldMask(string text, CodedOutputStream output)
    {
        foreach (var path in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteString(WellKnownText.SnakeCase(path) ?? throw Wrong($"the path {path} is not in lowerCamelCase"));
        }
    }

    private void Value(JsonElement json, MessageDescriptor type, CodedOutputStream output)
    {
        var field = json.ValueKind switch
        {
            JsonValueKind.Null => 1,
            JsonValueKind.Number => 2,
            JsonValueKind.String => 3,
            JsonValueKind.True or JsonValueKind.False => 4,
            JsonValueKind.Object => 5,
            _ => 6,
        };
        Tagged(json, type.FindFieldByNumber(field), output);
    }

    private void Any(JsonElement json, CodedOutputStream output)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw NotA("google.protobuf.Any", json);
        if (!json.TryGetProperty(TypeMember, out var url))
        {
            if (json.EnumerateObject().Any())
                throw Wrong("an Any needs @type");
            return;
        }

        var typeUrl = String(url);
        var name = typeUrl[(typeUrl.LastIndexOf('/') + 1)..];
        var type = _types.FindMessage(name) ?? throw new UnknownTypeException(Path(), name);
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(typeUrl);
        if (AnyContent(json, type) is { IsEmpty: false } content)
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(content);
        }
    }

    private ByteString AnyContent(JsonElement json, MessageDescriptor type)
    {
        if (WellKnown.HasJsonOfItsOwn(type))
        {
            _path.Push(".value");
            if (!json.TryGetProperty("value", out var value) || json.EnumerateObject().Count() != 2)
                throw Wrong($"an Any of {type.FullName} has @type and value, and nothing else");
            var content = Message(value, type);
            _path.Pop();
            return content;
        }

        if (++_depth > MaxDepth)
            throw Wrong($"more than {MaxDepth} messages within each other");
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
            Fields(json, type, output, skipType: true);
        _depth--;
        return UnsafeByteOperations.UnsafeWrap(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }
}
