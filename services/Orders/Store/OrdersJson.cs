using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Orders;

/// <summary>The JSON of events, and of the items of a stored order.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderEvent))]
[JsonSerializable(typeof(IReadOnlyList<OrderItem>))]
internal sealed partial class OrdersJson : JsonSerializerContext;
