using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.ServiceTests.Gateway.Rich;
using FsCheck.Xunit;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>The translation between JSON and protobuf against Google's own, which has the types compiled in.</summary>
public class TranscodingTests
{
    private static readonly TypeRegistry Registry = TypeRegistry.FromFiles(RichReflection.Descriptor);
    internal static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(Registry));
    internal static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(Registry));

    /// <summary>As the gateway has them: linked anew from the bytes that a backend describes itself with, not the compiled ones.</summary>
    private static readonly TypeSet Types = new(Described(RichReflection.Descriptor));
    private static readonly MessageDescriptor RichType = Types.FindMessage("gateway.test.v1.Rich")!;

    [Property(MaxTest = 500)]
    public void What_is_written_is_what_Google_writes(int seed)
    {
        var message = new RandomMessages(seed).Next();
        var expected = JsonNode.Parse(Formatter.Format(message));
        var actual = JsonNode.Parse(Decode(message.ToByteArray()));
        Assert.True(Same(expected, actual), $"expected {expected}\nactual {actual}");
    }

    [Property(MaxTest = 500)]
    public void What_Google_writes_is_read_as_it_was(int seed)
    {
        var message = new RandomMessages(seed).Next();
        Assert.Equal(message, Encode(Formatter.Format(message)));
    }

    [Property(MaxTest = 500)]
    public void There_and_back_changes_nothing(int seed)
    {
        var message = new RandomMessages(seed).Next();
        Assert.Equal(message, Encode(Decode(message.ToByteArray())));
        Assert.Equal(message, Parser.Parse<Rich.Rich>(Decode(message.ToByteArray())));
    }

    [Property(MaxTest = 300)]
    public void Damaged_bytes_and_damaged_text_end_in_an_error_that_names_the_place_or_in_a_message(int seed)
    {
        var random = new Random(seed);
        var bytes = new RandomMessages(seed).Next().ToByteArray();
        if (bytes.Length == 0)
            return;
        var text = Encoding.UTF8.GetBytes(Decode(bytes));
        for (var i = 0; i < 5; i++)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            text[random.Next(text.Length)] = (byte)random.Next(256);
            Total(() => WireToJson.Decode(bytes, RichType, Types));
            Total(() => JsonToWire.Encode(text, RichType, Types));
        }

        static void Total(Action translate)
        {
            try
            {
                translate();
            }
            catch (TranscodingException e)
            {
                Assert.StartsWith("$", e.Path, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("""{"anInt32": 1.0}""", """{"anInt32": 1}""")]
    [InlineData("""{"anInt32": 1e3}""", """{"anInt32": 1000}""")]
    [InlineData("""{"an_int32": "-5"}""", """{"anInt32": -5}""")]
    [InlineData("""{"anInt64": 9007199254740993}""", """{"anInt64": "9007199254740993"}""")]
    [InlineData("""{"aBytes": "-_8"}""", """{"aBytes": "+/8="}""")]
    [InlineData("""{"colour": 2, "colours": ["COLOUR_RED", 9]}""", """{"colour": "COLOUR_BLUE", "colours": ["COLOUR_RED", 9]}""")]
    [InlineData("""{"child": null, "strings": null, "aString": null, "names": null}""", "{}")]
    [InlineData("""{"choiceNull": null}""", """{"choiceNull": null}""")]
    [InlineData("""{"choiceText": null, "choiceNumber": "3"}""", """{"choiceNumber": "3"}""")]
    [InlineData("""{"value": null, "values": {"a": null}}""", """{"value": null, "values": {"a": null}}""")]
    [InlineData("""{"aDouble": "Infinity", "aFloat": "-Infinity"}""", """{"aDouble": "Infinity", "aFloat": "-Infinity"}""")]
    [InlineData("""{"time": "2026-01-31T12:00:00.5+02:00"}""", """{"time": "2026-01-31T10:00:00.500Z"}""")]
    [InlineData("""{"duration": "-1.5s"}""", """{"duration": "-1.500s"}""")]
    [InlineData("""{"mask": "user.displayName,photo"}""", """{"mask": "user.displayName,photo"}""")]
    [InlineData("""{"@odd name": "x"}""", """{"@odd name": "x"}""")]
    [InlineData("""{"maybeInt": 0}""", """{"maybeInt": 0}""")]
    [InlineData("""{"anInt32": 0, "aString": ""}""", "{}")]
    public void Other_ways_to_write_it_are_taken(string json, string canonical)
    {
        var wire = JsonToWire.Encode(Encoding.UTF8.GetBytes(json), RichType, Types);
        Assert.Equal(Parser.Parse<Rich.Rich>(canonical), Rich.Rich.Parser.ParseFrom(wire));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(canonical), JsonNode.Parse(Decode(wire))), Decode(wire));
    }

    [Theory]
    [InlineData("""{"anInt32": 2147483648}""", "$.anInt32")]
    [InlineData("""{"anInt32": 1.5}""", "$.anInt32")]
    [InlineData("""{"anInt32": 1e-30}""", "$.anInt32")]
    [InlineData("""{"anInt32": true}""", "$.anInt32")]
    [InlineData("""{"anInt32": " 1"}""", "$.anInt32")]
    [InlineData("""{"aUint32": -1}""", "$.aUint32")]
    [InlineData("""{"aUint64": 18446744073709551616}""", "$.aUint64")]
    [InlineData("""{"aFloat": 1e39}""", "$.aFloat")]
    [InlineData("""{"aDouble": 1e999}""", "$.aDouble")]
    [InlineData("""{"aBool": "true"}""", "$.aBool")]
    [InlineData("""{"aString": 1}""", "$.aString")]
    [InlineData("""{"aString": "\ud800"}""", "$.aString")]
    [InlineData("""{"aBytes": "?"}""", "$.aBytes")]
    [InlineData("""{"colour": "GREEN"}""", "$.colour")]
    [InlineData("""{"child": {"child": {"nope": 1}}}""", "$.child.child.nope")]
    [InlineData("""{"children": [{}, {"aBool": 1}]}""", "$.children[1].aBool")]
    [InlineData("""{"children": [null]}""", "$.children[0]")]
    [InlineData("""{"names": {"a": 1}}""", "$.names[\"a\"]")]
    [InlineData("""{"names": {"a": "1", "a": "2"}}""", "$.names[\"a\"]")]
    [InlineData("""{"byNumber": {"x": {}}}""", "$.byNumber[\"x\"]")]
    [InlineData("""{"byBool": {"yes": 1}}""", "$.byBool[\"yes\"]")]
    [InlineData("""{"strings": "a"}""", "$.strings")]
    [InlineData("""{"choiceText": "a", "choiceNumber": 1}""", "$.choiceNumber")]
    [InlineData("""{"anInt32": 1, "an_int32": 1}""", "$.an_int32")]
    [InlineData("""{"time": "yesterday"}""", "$.time")]
    [InlineData("""{"time": "2026-02-30T00:00:00Z"}""", "$.time")]
    [InlineData("""{"time": "0001-01-01T00:00:00+01:00"}""", "$.time")]
    [InlineData("""{"duration": "1"}""", "$.duration")]
    [InlineData("""{"duration": "999999999999s"}""", "$.duration")]
    [InlineData("""{"mask": "a_b"}""", "$.mask")]
    [InlineData("""{"any": {"x": 1}}""", "$.any")]
    [InlineData("""{"any": {"@type": "type.googleapis.com/no.Such"}}""", "$.any")]
    [InlineData("""[]""", "$")]
    [InlineData("""{"a":""", "$")]
    [InlineData("", "$")]
    public void What_is_wrong_is_refused_with_its_place(string json, string path) =>
        Assert.Equal(path, Assert.ThrowsAny<TranscodingException>(() => Encode(json)).Path);

    [Fact]
    public void Nesting_is_bounded_both_ways()
    {
        var deep = new StringBuilder().Insert(0, "{\"child\":", 200).Append("{}").Append('}', 200).ToString();
        Assert.ThrowsAny<TranscodingException>(() => Encode(deep));
        Assert.ThrowsAny<TranscodingException>(() => Encode(new string('[', 100_000)));
        byte[] wire = [];
        for (var i = 0; i < 200; i++)
            wire = [.. new Rich.Rich { ChoiceChild = new Rich.Rich() }.ToByteArray()[..2], .. Varint(wire.Length), .. wire];
        Assert.ThrowsAny<TranscodingException>(() => Decode(wire));
    }

    [Fact]
    public void Of_a_oneof_the_last_on_the_wire_counts_and_parts_of_a_message_are_merged()
    {
        byte[] wire =
        [
            .. new Rich.Rich { ChoiceText = "first" }.ToByteArray(),
            .. new Rich.Rich { ChoiceNumber = 2, Child = new Rich.Rich { AString = "kept", AnInt32 = 1 } }.ToByteArray(),
            .. new Rich.Rich { Child = new Rich.Rich { AnInt32 = 2 } }.ToByteArray(),
        ];
        Assert.Equal("""{"child":{"anInt32":2,"aString":"kept"},"choiceNumber":"2"}""", Decode(wire));
        Assert.Equal(Rich.Rich.Parser.ParseFrom(wire), Encode(Decode(wire)));
    }

    [Fact]
    public void What_the_type_does_not_have_is_left_out_of_the_answer()
    {
        byte[] wire = [.. new Rich.Rich { AString = "x" }.ToByteArray(), 0xF8, 0x7F, 0x01]; // field 2047
        Assert.Equal("""{"aString":"x"}""", Decode(wire));
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_no_answer() =>
        Assert.Equal("$.aString", Assert.ThrowsAny<TranscodingException>(() => Decode([0x72, 0x01, 0xFF])).Path);

    private static string Decode(byte[] wire) => Encoding.UTF8.GetString(WireToJson.Decode(wire, RichType, Types).Span);

    private static Rich.Rich Encode(string json) => Rich.Rich.Parser.ParseFrom(JsonToWire.Encode(Encoding.UTF8.GetBytes(json), RichType, Types));

    private static byte[] Varint(int value)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
            output.WriteUInt32((uint)value);
        return bytes.ToArray();
    }

    private static IReadOnlyList<FileDescriptor> Described(FileDescriptor file) =>
        FileDescriptor.BuildFromByteStrings([.. file.Dependencies.Select(d => d.SerializedData), file.SerializedData]);

    /// <summary>Numbers by value: both sides write the shortest form, though not the same one.</summary>
    private static bool Same(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (JsonObject x, JsonObject y) => x.Count == y.Count && x.All(p => y.TryGetPropertyValue(p.Key, out var other) && Same(p.Value, other)),
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second)),
        (JsonValue x, JsonValue y) when x.GetValueKind() == JsonValueKind.Number => y.GetValueKind() == JsonValueKind.Number && x.GetValue<double>() == y.GetValue<double>(),
        _ => JsonNode.DeepEquals(a, b),
    };
}
