using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

/// <summary>
/// Decodes protobuf to ProtoJSON by a type that is known at run time only: lowerCamelCase names, 64-bit integers as strings, bytes as base64, fields without
/// presence left out when they hold the default, unknown fields left out (protobuf.dev, "ProtoJSON Format").
/// </summary>
public sealed partial class WireToJson
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly Utf8JsonWriter _json;
    private readonly TypeSet _types;
    private readonly Stack<string> _path = new();
    private int _depth;

    private WireToJson(Utf8JsonWriter json, TypeSet types) => (_json, _types) = (json, types);

    /// <exception cref="TranscodingException">The bytes are not a message of this type, or hold what JSON cannot say; the message names the place.</exception>
    public static ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> wire, MessageDescriptor type, TypeSet types)
    {
        var text = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(text, Plain);
        var decoder = new WireToJson(json, types);
        try
        {
            decoder.Message(UnsafeByteOperations.UnsafeWrap(wire), type);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw decoder.Wrong($"not protobuf: {e.Message}");
        }

        json.Flush();
        return text.WrittenMemory;
    }

    private void Message(ByteString bytes, MessageDescriptor type)
    {
        if (++_depth > JsonToWire.MaxDepth)
            throw Wrong($"more than {JsonToWire.MaxDepth} messages within each other");
        var message = WireMessage.Parse(bytes);
        if (WellKnown.HasJsonOfItsOwn(type))
        {
            WellKnownMessage(message, type);
        }
        else
        {
            _json.WriteStartObject();
            Fields(message, type);
            _json.WriteEndObject();
        }

        _depth--;
    }

    private void Fields(WireMessage message, MessageDescriptor type)
    {
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            var values = Occurrences(message, field);
            if (values.Count == 0)
                continue;
            _path.Push("." + field.JsonName);
            if (field.IsMap)
                Map(values, field);
            else if (field.IsRepeated)
                List(values, field);
            else
                Singular(values, field);
            _path.Pop();
        }
    }

    /// <summary>Of a oneof's fields the last one on the wire counts, and what came before it is forgotten.</summary>
    private static IReadOnlyList<WireValue> Occurrences(WireMessage message, FieldDescriptor field)
    {
        var values = message[field.FieldNumber];
        if (values.Count == 0 || field.RealContainingOneof is not { } oneof)
            return values;
        var lastOther = oneof.Fields.Where(f => f != field).SelectMany(f => message[f.FieldNumber]).Select(v => v.Order).DefaultIfEmpty(-1).Max();
        return lastOther < 0 ? values : [.. values.Where(v => v.Order > lastOther)];
    }

    private void Singular(IReadOnlyList<WireValue> values, FieldDescriptor field)
    {
        var fitting = values.Where(v => v.Type == WireTypeOf(field)).ToArray();
        if (fitting.Length == 0 || (!field.HasPresence && IsDefault(fitting[^1], field)))
            return;
        _json.WritePropertyName(field.JsonName);
        if (field.FieldType == FieldType.Message)
            Message(Merged(fitting), field.MessageType);
        else
            Scalar(fitting[^1], field);
    }

    private void List(IReadOnlyList<WireValue> values, FieldDescriptor field)
    {
        _json.WriteStartArray(field.JsonName);
        var index = 0;
        foreach (var value in values.SelectMany(v => Unpacked(v, field)))
        {
            _path.Push($"[{index++}]");
            Value(value, field);
            _path.Pop();
        }

        _json.WriteEndArray();
    }

    private void Map(IReadOnlyList<WireValue> values, FieldDescriptor field)
    {
        _json.WriteStartObject(field.JsonName);
        MapEntries(values, field);
        _json.WriteEndObject();
    }

    private void MapEntries(IReadOnlyList<WireValue> values, FieldDescriptor field)
    {
        var (key, value) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
        var entries = new OrderedDictionary<string, WireValue>();
        foreach (var bytes in values.Where(v => v.Type == WireFormat.WireType.LengthDelimited))
        {
            var entry = WireMessage.Parse(bytes.Bytes);
            entries[KeyText(LastOrDefault(entry[1], key), key)] = LastOrDefault(entry[2], value);
        }

        foreach (var (name, content) in entries)
        {
            _path.Push($"[\"{name}\"]");
            _json.WritePropertyName(name);
            Value(content, value);
            _path.Pop();
        }
    }

    private void Value(WireValue value, FieldDescriptor field)
    {
        if (field.FieldType == FieldType.Message)
            Message(value.Bytes, field.MessageType);
        else
            Scalar(value, field);
    }

    private void Scalar(WireValue value, FieldDescriptor field)
    {
        var number = value.Number;
        switch (field.FieldType)
        {
            case FieldType.Double: Double(BitConverter.UInt64BitsToDouble(number)); break;
            case FieldType.Float: Float(BitConverter.UInt32BitsToSingle((uint)number)); break;
            case FieldType.Int32 or FieldType.SFixed32: _json.WriteNumberValue((int)number); break;
            case FieldType.SInt32: _json.WriteNumberValue((int)ZigZag((uint)number)); break;
            case FieldType.UInt32 or FieldType.Fixed32: _json.WriteNumberValue((uint)number); break;
            case FieldType.Bool: _json.WriteBooleanValue(number != 0); break;
            case FieldType.Enum: Enum((int)number, field.EnumType); break;
            case FieldType.String: _json.WriteStringValue(Text(value.Bytes)); break;
            case FieldType.Bytes: _json.WriteBase64StringValue(value.Bytes.Span); break;
            default: _json.WriteStringValue(KeyText(value, field)); break; // 64-bit: a double, which is what JavaScript has, would not hold them
        }
    }

    /// <summary>Integers, booleans and strings as text.</summary>
    private string KeyText(WireValue value, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => Text(value.Bytes),
        FieldType.Bool => value.Number != 0 ? "true" : "false",
        FieldType.Int32 or FieldType.SFixed32 => ((int)value.Number).ToString(CultureInfo.InvariantCulture),
        FieldType.SInt32 => ((int)ZigZag((uint)value.Number)).ToString(CultureInfo.InvariantCulture),
        FieldType.UInt32 or FieldType.Fixed32 => ((uint)value.Number).ToString(CultureInfo.InvariantCulture),
        FieldType.Int64 or FieldType.SFixed64 => ((long)value.Number).ToString(CultureInfo.InvariantCulture),
        FieldType.SInt64 => ZigZag(value.Number).ToString(CultureInfo.InvariantCulture),
        FieldType.UInt64 or FieldType.Fixed64 => value.Number.ToString(CultureInfo.InvariantCulture),
        _ => throw Wrong($"a field of type {field.FieldType} cannot be given as JSON"),
    };

    private void Double(double value)
    {
        if (double.IsFinite(value))
            _json.WriteNumberValue(value);
        else
            _json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    private void Float(float value)
    {
        if (float.IsFinite(value))
            _json.WriteNumberValue(value);
        else
            Double(value);
    }

    private void Enum(int number, EnumDescriptor type)
    {
        if (type.FullName == WellKnown.NullValue)
            _json.WriteNullValue();
        else if (type.FindValueByNumber(number) is { } value)
            _json.WriteStringValue(value.Name);
        else
            _json.WriteNumberValue(number);
    }

    private string Text(ByteString bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes.Span);
        }
        catch (ArgumentException)
        {
            throw Wrong("a string that is not UTF-8");
        }
    }

    /// <summary>A list of numbers comes as one packed run, or one by one, or both.</summary>
    private static IEnumerable<WireValue> Unpacked(WireValue value, FieldDescriptor field)
    {
        var expected = WireTypeOf(field);
        if (value.Type == expected)
            yield return value;
        if (value.Type != WireFormat.WireType.LengthDelimited || expected == WireFormat.WireType.LengthDelimited)
            yield break;
        var input = value.Bytes.CreateCodedInput();
        while (!input.IsAtEnd)
        {
            yield return value with
            {
                Number = expected switch
                {
                    WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                    WireFormat.WireType.Fixed32 => input.ReadFixed32(),
                    _ => input.ReadUInt64(),
                },
            };
        }
    }

    /// <summary>A message that comes twice is merged, which for encoded messages is to put one behind the other.</summary>
    private static ByteString Merged(IReadOnlyList<WireValue> values) =>
        values.Count == 1 ? values[0].Bytes : ByteString.CopyFrom([.. values.SelectMany(v => v.Bytes.ToByteArray())]);

    private static WireValue LastOrDefault(IReadOnlyList<WireValue> values, FieldDescriptor field)
    {
        var expected = WireTypeOf(field);
        return values.LastOrDefault(v => v.Type == expected, new WireValue(expected, 0, ByteString.Empty, 0));
    }

    private static bool IsDefault(WireValue value, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String or FieldType.Bytes => value.Bytes.IsEmpty,
        FieldType.Double => BitConverter.UInt64BitsToDouble(value.Number) == 0,
        FieldType.Float => BitConverter.UInt32BitsToSingle((uint)value.Number) == 0,
        FieldType.Int32 or FieldType.UInt32 or FieldType.SInt32 or FieldType.Enum => (uint)value.Number == 0,
        _ => value.Number == 0,
    };

    private static WireFormat.WireType WireTypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => WireFormat.WireType.Fixed64,
        FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 => WireFormat.WireType.Fixed32,
        FieldType.String or FieldType.Bytes or FieldType.Message => WireFormat.WireType.LengthDelimited,
        FieldType.Group => WireFormat.WireType.StartGroup,
        _ => WireFormat.WireType.Varint,
    };

    private static long ZigZag(ulong number) => (long)(number >> 1) ^ -(long)(number & 1);

    private TranscodingException Wrong(string problem) => new(Path(), problem);

    private string Path() => "$" + string.Concat(_path.Reverse());
}
