using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

/// <summary>
/// Encodes ProtoJSON as protobuf by a type that is known at run time only (protobuf.dev, "ProtoJSON Format"). Stricter than it must be where a mistake would
/// go unseen: a member that the type does not have, and a member given twice, are refused.
/// </summary>
public sealed partial class JsonToWire
{
    /// <summary>Messages within messages; the same as protobuf's own limit.</summary>
    public const int MaxDepth = 100;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 3 * MaxDepth }; // a level of a map is an object, a value, a list

    private readonly TypeSet _types;
    private readonly Stack<string> _path = new();
    private int _depth;

    private JsonToWire(TypeSet types) => _types = types;

    /// <exception cref="TranscodingException">The text is not JSON, or is not of this type; the message names the place.</exception>
    public static byte[] Encode(ReadOnlyMemory<byte> json, MessageDescriptor type, TypeSet types)
    {
        var encoder = new JsonToWire(types);
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return encoder.Message(document.RootElement, type).ToByteArray();
        }
        catch (JsonException e)
        {
            throw new TranscodingException("$", $"not JSON: {e.Message}");
        }
        catch (InvalidOperationException) // a string with half a surrogate pair; found where it is read
        {
            throw encoder.Wrong("not Unicode text");
        }
    }

    private ByteString Message(JsonElement json, MessageDescriptor type)
    {
        if (++_depth > MaxDepth)
            throw Wrong($"more than {MaxDepth} messages within each other");
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            if (WellKnown.HasJsonOfItsOwn(type))
                WellKnownMessage(json, type, output);
            else
                Fields(json, type, output, skipType: false);
        }

        _depth--;
        return UnsafeByteOperations.UnsafeWrap(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    private void Fields(JsonElement json, MessageDescriptor type, CodedOutputStream output, bool skipType)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Wrong($"expected an object ({type.FullName}), found {Kind(json)}");
        var known = FieldNames.Of(type);
        var seen = new HashSet<FieldDescriptor>();
        var chosen = new Dictionary<OneofDescriptor, FieldDescriptor>();
        foreach (var member in json.EnumerateObject())
        {
            if (skipType && member.NameEquals(TypeMember))
                continue;
            _path.Push("." + member.Name);
            if (!known.TryGetValue(member.Name, out var field))
                throw new UnknownFieldException(Path(), $"{type.FullName} has no such field");
            if (!seen.Add(field))
                throw Wrong("given twice");
            if (member.Value.ValueKind != JsonValueKind.Null || WellKnown.TakesNull(field))
            {
                if (field.RealContainingOneof is { } oneof && !chosen.TryAdd(oneof, field))
                    throw Wrong($"only one of {oneof.Name} may be set, {chosen[oneof].JsonName} is already");
                Field(member.Value, field, output);
            }

            _path.Pop();
        }
    }

    private void Field(JsonElement json, FieldDescriptor field, CodedOutputStream output)
    {
        if (field.IsMap)
            Map(json, field, output);
        else if (field.IsRepeated)
            List(json, field, output);
        else if (field.HasPresence)
            Tagged(json, field, output);
        else
            UnlessDefault(json, field, output);
    }

    /// <summary>A default is not written where nobody could tell it from absence: the bytes are then those that every other serializer makes.</summary>
    private void UnlessDefault(JsonElement json, FieldDescriptor field, CodedOutputStream output)
    {
        using var bytes = new MemoryStream();
        using (var value = new CodedOutputStream(bytes, leaveOpen: true))
            Scalar(json, field, value);
        // Zero as a varint and as a fixed number, false, and the length of what is empty: all of them are nothing but zeros.
        if (bytes.GetBuffer().AsSpan(0, (int)bytes.Length).ContainsAnyExcept((byte)0))
            Tagged(json, field, output);
    }

    private void List(JsonElement json, FieldDescriptor field, CodedOutputStream output)
    {
        if (json.ValueKind == JsonValueKind.Null)
            return; // a list of Value may be null as a whole, which is empty
        if (json.ValueKind != JsonValueKind.Array)
            throw Wrong($"expected a list, found {Kind(json)}");
        var index = 0;
        foreach (var item in json.EnumerateArray())
        {
            _path.Push($"[{index++}]");
            if (item.ValueKind == JsonValueKind.Null && !WellKnown.TakesNull(field))
                throw Wrong("null in a list");
            Tagged(item, field, output);
            _path.Pop();
        }
    }

    private void Map(JsonElement json, FieldDescriptor field, CodedOutputStream output)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Wrong($"expected an object, found {Kind(json)}");
        var (key, value) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
        var seen = new HashSet<string>();
        foreach (var member in json.EnumerateObject())
        {
            _path.Push($"[\"{member.Name}\"]");
            if (!seen.Add(member.Name))
                throw Wrong("given twice");
            if (member.Value.ValueKind == JsonValueKind.Null && !WellKnown.TakesNull(value))
                throw Wrong("null in a map");
            using var bytes = new MemoryStream();
            using (var entry = new CodedOutputStream(bytes, leaveOpen: true))
            {
                MapKey(member.Name, key, entry);
                Tagged(member.Value, value, entry);
            }

            WriteTag(field, output);
            output.WriteBytes(UnsafeByteOperations.UnsafeWrap(bytes.GetBuffer().AsMemory(0, (int)bytes.Length)));
            _path.Pop();
        }
    }

    /// <summary>The keys of a JSON object are strings, whatever the type of the map's key.</summary>
    private void MapKey(string text, FieldDescriptor key, CodedOutputStream output)
    {
        var bare = key.FieldType is FieldType.Bool ? text is "true" or "false" : key.FieldType is FieldType.String;
        if (key.FieldType is FieldType.Bool && !bare)
            throw Wrong("the key is not true or false");
        var json = key.FieldType is FieldType.Bool ? text : JsonSerializer.Serialize(text, GatewayJson.Default.String);
        using var parsed = JsonDocument.Parse(json);
        Tagged(parsed.RootElement, key, output);
    }

    private void Tagged(JsonElement json, FieldDescriptor field, CodedOutputStream output)
    {
        if (field.FieldType == FieldType.Group)
            throw Wrong("a group of proto2 cannot be given as JSON");
        WriteTag(field, output);
        if (field.FieldType == FieldType.Message)
            output.WriteBytes(Message(json, field.MessageType));
        else
            Scalar(json, field, output);
    }

    private void Scalar(JsonElement json, FieldDescriptor field, CodedOutputStream output)
    {
        switch (field.FieldType)
        {
            case FieldType.Double: output.WriteDouble(JsonScalars.Double(json) ?? throw NotA("double", json)); break;
            case FieldType.Float: output.WriteFloat(JsonScalars.Single(json) ?? throw NotA("float", json)); break;
            case FieldType.Int64: output.WriteInt64(Int64(json)); break;
            case FieldType.SInt64: output.WriteSInt64(Int64(json)); break;
            case FieldType.SFixed64: output.WriteSFixed64(Int64(json)); break;
            case FieldType.UInt64: output.WriteUInt64(UInt64(json)); break;
            case FieldType.Fixed64: output.WriteFixed64(UInt64(json)); break;
            case FieldType.Int32: output.WriteInt32(Int32(json)); break;
            case FieldType.SInt32: output.WriteSInt32(Int32(json)); break;
            case FieldType.SFixed32: output.WriteSFixed32(Int32(json)); break;
            case FieldType.UInt32: output.WriteUInt32(UInt32(json)); break;
            case FieldType.Fixed32: output.WriteFixed32(UInt32(json)); break;
            case FieldType.Bool: output.WriteBool(Bool(json)); break;
            case FieldType.Enum: output.WriteEnum(Enum(json, field.EnumType)); break;
            case FieldType.String: output.WriteString(String(json)); break;
            case FieldType.Bytes: output.WriteBytes(UnsafeByteOperations.UnsafeWrap(JsonScalars.Base64(String(json)) ?? throw NotA("base64 text", json))); break;
            default: throw Wrong($"a field of type {field.FieldType} cannot be given as JSON");
        }
    }

    private long Int64(JsonElement json) => JsonScalars.Int64(json, long.MinValue, long.MaxValue) ?? throw NotA("64-bit integer", json);

    private ulong UInt64(JsonElement json) => JsonScalars.UInt64(json, ulong.MaxValue) ?? throw NotA("64-bit integer without sign", json);

    private int Int32(JsonElement json) => (int)(JsonScalars.Int64(json, int.MinValue, int.MaxValue) ?? throw NotA("32-bit integer", json));

    private uint UInt32(JsonElement json) => (uint)(JsonScalars.UInt64(json, uint.MaxValue) ?? throw NotA("32-bit integer without sign", json));

    private bool Bool(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw NotA("boolean", json),
    };

    private string String(JsonElement json) => json.ValueKind == JsonValueKind.String ? json.GetString()! : throw NotA("string", json);

    private int Enum(JsonElement json, EnumDescriptor type) => json.ValueKind switch
    {
        JsonValueKind.Null when type.FullName == WellKnown.NullValue => 0,
        JsonValueKind.Number => Int32(json),
        JsonValueKind.String => type.FindValueByName(json.GetString()!)?.Number
            ?? throw Wrong($"{type.FullName} has no value \"{json.GetString()}\"; it has {string.Join(", ", type.Values.Take(10).Select(v => v.Name))}"),
        _ => throw NotA(type.FullName, json),
    };

    private static void WriteTag(FieldDescriptor field, CodedOutputStream output) => output.WriteTag(field.FieldNumber, field.FieldType switch
    {
        FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => WireFormat.WireType.Fixed64,
        FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 => WireFormat.WireType.Fixed32,
        FieldType.String or FieldType.Bytes or FieldType.Message => WireFormat.WireType.LengthDelimited,
        _ => WireFormat.WireType.Varint,
    });

    private TranscodingException NotA(string what, JsonElement json) => Wrong($"expected a {what}, found {Shown(json)}");

    private TranscodingException Wrong(string problem) => new(Path(), problem);

    private string Path() => "$" + string.Concat(_path.Reverse());

    private static string Shown(JsonElement json) =>
        json.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? Kind(json) : json.GetRawText() is { Length: <= 60 } text ? text : Kind(json);

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
