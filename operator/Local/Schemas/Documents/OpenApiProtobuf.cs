using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>
/// Writes an OpenAPI 2.0 document in the protobuf form that kubectl before 1.27 insists on: the messages of github.com/google/gnostic, OpenAPIv2.proto, as far
/// as our documents use them.
/// </summary>
public static class OpenApiProtobuf
{
    /// <summary>The bytes.</summary>
    /// <param name="document">A document of <see cref="OpenApi.V2"/>.</param>
    public static byte[] Write(JsonObject document)
    {
        var message = new Message();
        message.Text(1, document.Text("swagger"));
        message.Inner(2, document.Object("info"), static (info, m) =>
        {
            m.Text(1, info.Text("title"));
            m.Text(2, info.Text("version"));
        });
        message.Inner(8, document.Object("paths"), static (paths, m) => m.Named(2, paths, Path));
        message.Inner(9, document.Object("definitions"), static (definitions, m) => m.Named(1, definitions, Schema));
        return message.ToArray();
    }

    private static void Path(JsonObject path, Message message)
    {
        message.Inner(2, path.Object("get"), Operation);
        message.Inner(3, path.Object("put"), Operation);
        message.Inner(4, path.Object("post"), Operation);
        message.Inner(5, path.Object("delete"), Operation);
        message.Inner(8, path.Object("patch"), Operation);
        message.Each(9, path.List("parameters"), Parameter);
    }

    private static void Operation(JsonObject operation, Message message)
    {
        message.Text(3, operation.Text("description"));
        message.Text(5, operation.Text("operationId"));
        message.Texts(6, operation.Texts("produces"));
        message.Texts(7, operation.Texts("consumes"));
        message.Each(8, operation.List("parameters"), Parameter);
        message.Inner(9, operation.Object("responses"), static (responses, m) => m.Named(1, responses, static (response, value) => value.Inner(1, response, Response)));
        message.Extensions(13, operation);
    }

    // A parameter is one of several messages within each other: body, query or path.
    private static void Parameter(JsonObject parameter, Message message) => message.Inner(1, parameter, static (p, item) =>
    {
        if (p.Text("in") == "body")
            item.Inner(1, p, Body);
        else
            item.Inner(2, p, static (q, other) => other.Inner(q.Text("in") == "query" ? 3 : 4, q, Simple));
    });

    private static void Body(JsonObject parameter, Message message)
    {
        message.Text(2, parameter.Text("name"));
        message.Text(3, "body");
        message.Flag(4, parameter.Is("required"));
        message.Inner(5, parameter.Object("schema"), Schema);
    }

    private static void Simple(JsonObject parameter, Message message)
    {
        message.Flag(1, parameter.Is("required"));
        message.Text(2, parameter.Text("in"));
        message.Text(3, parameter.Text("description"));
        message.Text(4, parameter.Text("name"));
        message.Text(parameter.Text("in") == "query" ? 6 : 5, parameter.Text("type"));
    }

    private static void Response(JsonObject response, Message message)
    {
        message.Text(1, response.Text("description"));
        message.Inner(2, response.Object("schema"), static (schema, item) => item.Inner(1, schema, Schema));
    }

    private static void Schema(JsonObject schema, Message message)
    {
        message.Text(1, schema.Text("$ref"));
        message.Text(2, schema.Text("format"));
        message.Text(4, schema.Text("description"));
        message.Number(6, schema["multipleOf"]);
        message.Number(7, schema["maximum"]);
        message.Flag(8, schema.Is("exclusiveMaximum"));
        message.Number(9, schema["minimum"]);
        message.Flag(10, schema.Is("exclusiveMinimum"));
        message.Count(11, schema.Whole("maxLength"));
        message.Count(12, schema.Whole("minLength"));
        message.Text(13, schema.Text("pattern"));
        message.Count(14, schema.Whole("maxItems"));
        message.Count(15, schema.Whole("minItems"));
        message.Count(17, schema.Whole("maxProperties"));
        message.Count(18, schema.Whole("minProperties"));
        message.Texts(19, schema.Texts("required"));
        foreach (var choice in schema["enum"] as JsonArray ?? [])
            message.Json(20, choice);
        message.Inner(21, schema.Object("additionalProperties"), static (entry, m) => m.Inner(1, entry, Schema));
        message.Inner(22, schema.Text("type") is null ? null : schema, static (typed, m) => m.Text(1, typed.Text("type")));
        message.Inner(23, schema.Object("items"), static (items, m) => m.Inner(1, items, Schema));
        message.Inner(25, schema.Object("properties"), static (properties, m) => m.Named(1, properties, Schema));
        message.Extensions(31, schema);
    }

    /// <summary>A message that is being written. Fields are written as they come; what is empty is not.</summary>
    private sealed class Message
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        internal byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        internal void Text(int field, string? text)
        {
            if (text is { Length: > 0 })
                Bytes(field, Encoding.UTF8.GetBytes(text));
        }

        internal void Texts(int field, IEnumerable<string> texts)
        {
            foreach (var text in texts)
                Bytes(field, Encoding.UTF8.GetBytes(text));
        }

        internal void Flag(int field, bool value)
        {
            if (value)
                Count(field, 1);
        }

        internal void Count(int field, long? value)
        {
            if (value is null)
                return;
            VarInt((uint)field << 3);
            VarInt((ulong)value);
        }

        internal void Number(int field, JsonNode? value)
        {
            if (value?.GetValueKind() != JsonValueKind.Number)
                return;
            VarInt(((uint)field << 3) | 1);
            Span<byte> eight = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(eight, double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture));
            _bytes.Write(eight);
        }

        internal void Inner(int field, JsonObject? value, Action<JsonObject, Message> write)
        {
            if (value is null)
                return;
            var inner = new Message();
            write(value, inner);
            Bytes(field, inner._bytes.WrittenSpan);
        }

        internal void Each(int field, IEnumerable<JsonObject> values, Action<JsonObject, Message> write)
        {
            foreach (var value in values)
                Inner(field, value, write);
        }

        /// <summary>The entries of a map: messages of a name and a value.</summary>
        internal void Named(int field, JsonObject entries, Action<JsonObject, Message> write)
        {
            foreach (var (name, value) in entries)
            {
                var entry = new Message();
                entry.Text(1, name);
                entry.Inner(2, value as JsonObject, write);
                Bytes(field, entry._bytes.WrittenSpan);
            }
        }

        /// <summary>Any value, which is written as YAML; JSON is YAML.</summary>
        internal void Json(int field, JsonNode? value)
        {
            var any = new Message();
            any.Text(2, (value?.ToJsonString() ?? "null") + "\n");
            Bytes(field, any._bytes.WrittenSpan);
        }

        internal void Extensions(int field, JsonObject obj)
        {
            foreach (var (name, value) in obj.Where(f => f.Key.StartsWith("x-", StringComparison.Ordinal)))
            {
                var entry = new Message();
                entry.Text(1, name);
                entry.Json(2, value);
                Bytes(field, entry._bytes.WrittenSpan);
            }
        }

        private void Bytes(int field, ReadOnlySpan<byte> bytes)
        {
            VarInt(((uint)field << 3) | 2);
            VarInt((uint)bytes.Length);
            _bytes.Write(bytes);
        }

        private void VarInt(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                Byte((byte)(value | 0x80));
            Byte((byte)value);
        }

        private void Byte(byte value) => _bytes.Write([value]);
    }
}
