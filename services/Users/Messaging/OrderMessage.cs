using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Users;

/// <summary>An event as the orders service writes it; what is not needed here is not read.</summary>
internal sealed record OrderMessage(string? EventId, string? Type, string? CustomerId)
{
    /// <summary>Reads one.</summary>
    /// <returns>Null when it is none that this service can count.</returns>
    public static OrderEvent? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, MessageJson.Default.OrderMessage) switch
            {
                { EventId: { Length: > 0 and <= 100 } id, CustomerId: { Length: > 0 and <= User.MaxIdLength } customer, Type: "order.placed" } => new(id, customer, OrderEventKind.Placed),
                { EventId: { Length: > 0 and <= 100 } id, CustomerId: { Length: > 0 and <= User.MaxIdLength } customer, Type: "order.cancelled" } => new(id, customer, OrderEventKind.Cancelled),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderMessage))]
internal sealed partial class MessageJson : JsonSerializerContext;
