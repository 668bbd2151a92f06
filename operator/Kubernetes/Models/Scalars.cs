using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>intstr.IntOrString: a number, or a string such as <c>25%</c> or a port's name.</summary>
[JsonConverter(typeof(IntOrStringConverter))]
public readonly record struct IntOrString
{
    /// <summary>A number.</summary>
    public IntOrString(int number) => Number = number;

    /// <summary>A string.</summary>
    public IntOrString(string text) => Text = text;

    /// <summary>The number, when it is one.</summary>
    public int? Number { get; }

    /// <summary>The string, when it is one.</summary>
    public string? Text { get; }

    /// <summary>A number is one at once.</summary>
    public static implicit operator IntOrString(int number) => new(number);

    /// <summary>A string is one at once.</summary>
    public static implicit operator IntOrString(string text) => new(text);

    /// <inheritdoc/>
    public override string ToString() => Text ?? Number?.ToString(CultureInfo.InvariantCulture) ?? "";
}

/// <summary>Reads and writes <see cref="IntOrString"/>; public because generated code of other libraries names it.</summary>
public sealed class IntOrStringConverter : JsonConverter<IntOrString>
{
    /// <inheritdoc/>
    // The server takes any 64-bit number. One beyond 32 bits can only be an amount, of bytes for instance, and is the same as a string.
    public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? new(reader.GetString()!)
        : reader.TryGetInt32(out var number) ? new(number)
        : new(reader.GetInt64().ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
    {
        if (value.Number is { } number)
            writer.WriteNumberValue(number);
        else
            writer.WriteStringValue(value.Text);
    }
}

/// <summary>metav1.MicroTime: RFC 3339 with six decimals, which older servers insist on.</summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset?>
{
    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } time)
            writer.WriteStringValue(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        else
            writer.WriteNullValue();
    }
}

/// <summary>metav1.Time: whole seconds, UTC, written with a Z as every Kubernetes program does.</summary>
public sealed class TimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
}
