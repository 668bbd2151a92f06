using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>MicroserviceApps as JSON and back.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)],
    MaxDepth = KubeJson.MaxDepth)]
[JsonSerializable(typeof(MicroserviceApp))]
[JsonSerializable(typeof(AppStatus))]
public sealed partial class AppsJson : JsonSerializerContext
{
    /// <summary>Reads an app from a list or watch. One that this version cannot read must not hide the others, so it is returned with its reason.</summary>
    internal static MicroserviceApp Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var app = JsonSerializer.Deserialize(utf8, Default.MicroserviceApp) ?? throw new JsonException("null in place of an object");
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = KubeJson.MaxDepth });
            using var whole = JsonDocument.ParseValue(ref reader);
            var (schema, spec) = (Crd.Schema.Properties["spec"], whole.RootElement.GetProperty("spec"));
            if (Nulls.First(schema, spec, "spec") is { } empty)
                throw new JsonException("null in place of a value", empty, null, null);
            return UnknownFields.Of(schema, spec) is { IsEmpty: false } unknown ? app with { UnknownFields = unknown } : app;
        }
        catch (JsonException e)
        {
            var shell = JsonSerializer.Deserialize(utf8, KubeJson.Default.PartialObject) ?? new PartialObject();
            var why = PathOf(e) is { Length: > 0 } path ? $"{path}: not a value this version of the operator knows" : "the object cannot be read";
            return new() { Metadata = shell.Metadata, Spec = new() { Services = [] }, Unreadable = why };
        }
    }

    /// <summary>Where a text could not be read, <c>spec.services[0].port</c> for instance; empty when it is the whole.</summary>
    internal static string PathOf(JsonException e) => (e.Path ?? "").TrimStart('$').TrimStart('.');
}
