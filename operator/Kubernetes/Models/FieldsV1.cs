using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>metav1.FieldsV1: a set of fields, <c>{"f:spec":{"f:replicas":{}}}</c>.</summary>
/// <remarks>
/// It is as long as the object's own JSON, and seldom asked for. Objects of a kind have the same but for the UID of their owner, which is among the names: so
/// one text is kept for all of them, and the UID apart.
/// </remarks>
[JsonConverter(typeof(FieldsV1Converter))]
public sealed class FieldsV1
{
    private const int UidLength = 36;

    private static readonly Shared<byte[]> Texts = new(512, utf8 => utf8.ToArray());

    private readonly byte[] _text;
    private readonly string? _uid;

    private FieldsV1(byte[] text, string? uid) => (_text, _uid) = (text, uid);

    /// <summary>The set as JSON: parsed anew whenever it is asked for.</summary>
    public JsonElement Json
    {
        get
        {
            var options = new JsonDocumentOptions { MaxDepth = KubeJson.MaxDepth };
            if (_uid is null)
                return JsonDocument.Parse(_text, options).RootElement;
            var at = PlaceOfUid(_text);
            return JsonDocument.Parse((byte[])[.. _text.AsSpan(0, at), .. Encoding.UTF8.GetBytes(_uid), .. _text.AsSpan(at)], options).RootElement;
        }
    }

    internal static FieldsV1 Of(ReadOnlySpan<byte> utf8)
    {
        var at = PlaceOfUid(utf8);
        return at < 0 || utf8.Length < at + UidLength || !Ascii.IsValid(utf8.Slice(at, UidLength))
            ? new(Texts.Of(utf8), null)
            : new(Texts.Of([.. utf8[..at], .. utf8[(at + UidLength)..]]), Shared.Text(utf8.Slice(at, UidLength)));
    }

    // Where the first UID among the names begins, or -1: k:{"uid":"..."}, inside a JSON string.
    private static int PlaceOfUid(ReadOnlySpan<byte> utf8)
    {
        var before = "k:{\\\"uid\\\":\\\""u8;
        var at = utf8.IndexOf(before);
        return at < 0 ? -1 : at + before.Length;
    }
}

/// <summary>Reads and writes <see cref="FieldsV1"/>; public because generated code of other libraries names it.</summary>
public sealed class FieldsV1Converter : JsonConverter<FieldsV1>
{
    /// <inheritdoc/>
    public override FieldsV1? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var parsed = JsonDocument.ParseValue(ref reader);
        return parsed.RootElement.ValueKind == JsonValueKind.Object ? FieldsV1.Of(JsonMarshal.GetRawUtf8Value(parsed.RootElement)) : null;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, FieldsV1 value, JsonSerializerOptions options) => value.Json.WriteTo(writer);
}
