using System.Text.Json.Serialization;

namespace Fleet.Gateway;

[JsonSerializable(typeof(string))]
internal sealed partial class GatewayJson : JsonSerializerContext;
