using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>Reads a string that many objects share; public because generated code of other libraries names it.</summary>
public sealed class SharedTextConverter : JsonConverter<string>
{
    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Shared.Text(ref reader);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
