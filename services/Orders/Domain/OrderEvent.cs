namespace Fleet.Orders;

/// <summary>What happened to an order, for other services.</summary>
/// <param name="EventId">The same each time the event is delivered, so that it is counted once.</param>
/// <param name="Type"><c>order.placed</c> or <c>order.cancelled</c>.</param>
/// <param name="OrderId">Which order.</param>
/// <param name="CustomerId">Whose.</param>
/// <param name="TotalMinorUnits">What it costs, in the smallest unit of the currency.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="OccurredAt">When.</param>
public sealed record OrderEvent(string EventId, string Type, string OrderId, string CustomerId, long TotalMinorUnits, string Currency, DateTimeOffset OccurredAt)
{
    /// <summary>The order was placed.</summary>
    public const string Placed = "order.placed";

    /// <summary>The order was cancelled.</summary>
    public const string Cancelled = "order.cancelled";

    /// <summary>The news that a change of an order makes: null when it makes none.</summary>
    /// <param name="before">The order before; null when there was none.</param>
    /// <param name="after">The order after.</param>
    public static OrderEvent? Between(Order? before, Order after) => (before, after.CancelledAt) switch
    {
        (null, _) => Of(Placed, after, after.PlacedAt),
        ({ CancelledAt: null }, { } at) => Of(Cancelled, after, at),
        _ => null,
    };

    private static OrderEvent Of(string type, Order order, DateTimeOffset at) =>
        new($"{Guid.CreateVersion7(at)}", type, order.Id, order.CustomerId, order.Total.MinorUnits, order.Total.Currency, at);
}
