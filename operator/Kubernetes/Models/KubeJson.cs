using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>
/// The one way objects become JSON and back: camel case, no nulls, bounded depth, no reflection. Generated readers set an init property to null where the
/// JSON has none, whatever its initializer says; so a property that is never null makes its default of null (<c>init =&gt; field = value ?? new()</c>).
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)],
    MaxDepth = MaxDepth)]
[JsonSerializable(typeof(ObjectMeta))]
[JsonSerializable(typeof(PartialObject))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(ReplicaSet))]
[JsonSerializable(typeof(DeploymentStatus))]
[JsonSerializable(typeof(ServiceStatus))]
[JsonSerializable(typeof(ConfigData))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class KubeJson : JsonSerializerContext
{
    /// <summary>The deepest nesting that is read; the API server's own limit for custom resources is far below it.</summary>
    public const int MaxDepth = 128;

    /// <summary>Writes <c>+</c>, <c>/</c> and quotes of other languages as they are: JSON here never ends up inside HTML.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
}
