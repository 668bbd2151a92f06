using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>
/// Reads an object that is written in protobuf, as typed clients send it (kubectl create, since 1.33), into what the same object is in JSON.
/// The messages have no field names, and strings, numbers and flags that nobody set are written all the same: those are left out where JSON leaves them out.
/// </summary>
public static class ProtobufBody
{
    private const int MaxDepth = 64;

    private const string MediaType = "application/vnd.kubernetes.protobuf";

    private const string DeleteOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

    /// <summary>Reads one object.</summary>
    /// <param name="body">Four bytes by which the format is known, then an envelope that names the kind and holds the object's message.</param>
    /// <exception cref="ProtobufFormatException">It is broken, or has a kind or a field that is not known.</exception>
    public static JsonObject Read(ReadOnlyMemory<byte> body)
    {
        if (!body.Span.StartsWith("k8s\0"u8))
            throw new ProtobufFormatException("the body does not begin as Kubernetes protobuf does");
        ReadOnlySpan<byte> type = default, raw = default;
        var (encoding, content) = ("", "");
        for (var envelope = new WireReader(body.Span[4..]); envelope.Next();)
        {
            Expect(envelope, WireType.Length, "the envelope");
            switch (envelope.Number)
            {
                case 1:
                    type = envelope.Bytes;
                    break;
                case 2:
                    raw = envelope.Bytes;
                    break;
                case 3:
                    encoding = envelope.Text;
                    break;
                case 4:
                    content = envelope.Text;
                    break;
                default:
                    throw new ProtobufFormatException($"the envelope has no field {envelope.Number}");
            }
        }

        if (encoding.Length > 0 || content is not ("" or MediaType))
            throw new ProtobufFormatException($"the object inside is written as {content} {encoding}, not as {MediaType}");
        var (apiVersion, kind) = (TextAt(type, 1), TextAt(type, 2));
        if ((kind == "DeleteOptions" ? MessageNumbers.Of(DeleteOptions) : MessageNumbers.OfKind(apiVersion, kind)) is not { } message
            || !BuiltInKinds.Types.TryGetValue(message.Type, out var shape)
            || !shape.Fields.ContainsKey("kind"))
        {
            throw new ProtobufFormatException($"{kind} of {apiVersion} is not known in protobuf: send it as JSON or YAML");
        }

        var result = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        Fill(result, raw, message, shape, 0);
        return result;
    }

    private static void Fill(JsonObject result, ReadOnlySpan<byte> bytes, MessageNumbers message, Shape shape, int depth)
    {
        if (depth > MaxDepth)
            throw new ProtobufFormatException($"{message.Name}: messages are nested too deep");
        for (var reader = new WireReader(bytes); reader.Next();)
        {
            if (message[reader.Number] is { } outer && message.Inlined(outer) is { } inlined)
            {
                Expect(reader, WireType.Length, message.Name);
                Fill(result, reader.Bytes, inlined, shape, depth + 1);
                continue;
            }

            if (message[reader.Number] is not { } name || !shape.Fields.TryGetValue(name, out var field))
            {
                // A newer client knows more fields than we do, and writes those that nobody set as well.
                if (reader.IsZero)
                    continue;
                throw new ProtobufFormatException($"field {reader.Number} of {message.Name} is not known in protobuf: send the object as JSON or YAML");
            }

            var where = $"{message.Name}.{name}";
            switch (field.Shape)
            {
                case { Type: ShapeType.List, Items: { } items }:
                    if (result[name] is not JsonArray list)
                        result[name] = list = [];
                    list.Add(Value(reader, items, where, depth));
                    break;
                case { Type: ShapeType.Map, Items: { } items }:
                    if (result[name] is not JsonObject map)
                        result[name] = map = [];
                    Expect(reader, WireType.Length, where);
                    AddEntry(map, reader.Bytes, items, where, depth);
                    break;
                default:
                    var value = Value(reader, field.Shape, where, depth);
                    if (value is null || (IsLeftOut(field) && ShapeDefaults.IsEmpty(value)))
                        result.Remove(name);
                    else
                        result[name] = value;
                    break;
            }
        }
    }

    // An object that is there by default is no pointer in Go: it is written even when nobody set it.
    private static bool IsLeftOut(Field field) => field.OmitsEmpty || field is { Shape.Type: ShapeType.Object, Default: not null };

    private static void AddEntry(JsonObject map, ReadOnlySpan<byte> bytes, Shape items, string where, int depth)
    {
        var key = "";
        JsonNode? value = null;
        for (var entry = new WireReader(bytes); entry.Next();)
        {
            if (entry.Number == 1 && entry.Type == WireType.Length)
                key = entry.Text;
            else if (entry.Number == 2)
                value = Value(entry, items, where, depth);
            else
                throw new ProtobufFormatException($"{where}: an entry has a key and a value, no field {entry.Number}");
        }

        map[key] = value ?? (items.Type is ShapeType.Text or ShapeType.Bytes ? "" : throw new ProtobufFormatException($"{where}: an entry without a value"));
    }

    private static JsonNode? Value(WireReader field, Shape shape, string where, int depth)
    {
        Expect(field, shape.Type is ShapeType.Integer or ShapeType.Boolean ? WireType.Varint : WireType.Length, where);
        switch (shape.Type)
        {
            case ShapeType.Integer:
                return Integer(shape.Format == "int32" ? unchecked((int)field.Integer) : field.Integer);
            case ShapeType.Boolean:
                return field.Integer != 0;
            case ShapeType.Text:
                return field.Text;
            case ShapeType.Bytes:
                return Convert.ToBase64String(field.Bytes);
            case ShapeType.Quantity:
                return TextAt(field.Bytes, 1);
            case ShapeType.IntOrString:
                return IntegerAt(field.Bytes, 1) == 0 ? Integer(unchecked((int)IntegerAt(field.Bytes, 2))) : TextAt(field.Bytes, 3);
            case ShapeType.Time:
                return field.Bytes.IsEmpty ? null : Time(field.Bytes, shape.Name!.EndsWith("MicroTime", StringComparison.Ordinal), where);
            case ShapeType.Any:
                return Json(field.Bytes, where);
            case ShapeType.Object when MessageNumbers.Of(shape.Name!) is { } message:
                var inner = new JsonObject();
                Fill(inner, field.Bytes, message, shape, depth + 1);
                return inner;
            default:
                throw new ProtobufFormatException($"{where} is not known in protobuf: send the object as JSON or YAML");
        }
    }

    // As if parsed: such a number may be asked for as an int as well as a long.
    private static JsonNode Integer(long value) => JsonNode.Parse(value.ToString())!;

    private static string Time(ReadOnlySpan<byte> bytes, bool inMicroseconds, string where)
    {
        var (seconds, nanoseconds) = (IntegerAt(bytes, 1), IntegerAt(bytes, 2));
        if (seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds() || nanoseconds is < 0 or > 999_999_999)
            throw new ProtobufFormatException($"{where}: a time beyond the years that have four digits");
        var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
        return time.ToString(inMicroseconds ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'");
    }

    private static JsonNode? Json(ReadOnlySpan<byte> bytes, string where)
    {
        var json = BytesAt(bytes, 1);
        try
        {
            return json.IsEmpty ? null : JsonNode.Parse(json, documentOptions: new() { MaxDepth = KubeJson.MaxDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new ProtobufFormatException($"{where}: {e.Message}", e);
        }
    }

    private static string TextAt(ReadOnlySpan<byte> message, int number)
    {
        var text = "";
        for (var reader = new WireReader(message); reader.Next();)
        {
            if (reader.Number == number)
                text = reader.Text;
        }

        return text;
    }

    private static long IntegerAt(ReadOnlySpan<byte> message, int number)
    {
        var integer = 0L;
        for (var reader = new WireReader(message); reader.Next();)
        {
            if (reader.Number == number)
                integer = reader.Integer;
        }

        return integer;
    }

    private static ReadOnlySpan<byte> BytesAt(ReadOnlySpan<byte> message, int number)
    {
        ReadOnlySpan<byte> bytes = default;
        for (var reader = new WireReader(message); reader.Next();)
        {
            if (reader.Number == number)
                bytes = reader.Bytes;
        }

        return bytes;
    }

    private static void Expect(WireReader field, WireType type, string where)
    {
        if (field.Type != type)
            throw new ProtobufFormatException($"field {field.Number} of {where} is written as {field.Type}, not as {type}");
    }
}
