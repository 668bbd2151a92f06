using System.Text.Json;
using Fleet.Storage;

namespace Fleet.Orders;

/// <summary>Keeps orders. An order and the event of its change are one transaction: neither is ever there without the other.</summary>
public sealed class OrderStore(Database database, OutboxSignal outbox, OrderChanges changes)
{
    private const string Columns = "SELECT * FROM orders";

    // Behind every id, whatever the collation: they go on with a hexadecimal digit.
    private const string BehindAll = "ord_z";

    /// <summary>The order, or null.</summary>
    public Task<Order?> FindAsync(string id, CancellationToken stop) => database.ReadAsync(s => FindAsync(s, id), stop);

    /// <summary>The order that a customer called so, or null.</summary>
    public Task<Order?> FindAsync(string customerId, string idempotencyKey, CancellationToken stop) => database.ReadAsync(
        s => s.FirstAsync($"{Columns} WHERE customer_id = @customer AND idempotency_key = @key", Read, ("customer", customerId), ("key", idempotencyKey)), stop);

    /// <summary>Orders, the newest first.</summary>
    /// <param name="customerId">Whose; null: everybody's.</param>
    /// <param name="after">The id of the order before the first; null begins with the newest.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="stop">Ends the wait.</param>
    public Task<IReadOnlyList<Order>> ListAsync(string? customerId, string? after, int count, CancellationToken stop) => database.ReadAsync(
        // Two statements, since a condition that may be absent keeps databases from using the index.
        s => customerId is null
            ? s.ListAsync($"{Columns} WHERE id < @after ORDER BY id DESC LIMIT @count", Read, ("after", after ?? BehindAll), ("count", count))
            : s.ListAsync(
                $"{Columns} WHERE customer_id = @customer AND id < @after ORDER BY id DESC LIMIT @count", Read, ("customer", customerId), ("after", after ?? BehindAll), ("count", count)),
        stop);

    /// <summary>Keeps a new order.</summary>
    /// <returns>False when the customer has used the key before; nothing was written then.</returns>
    public async Task<bool> AddAsync(Order order, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(
                async session =>
                {
                    await session.ExecuteAsync(
                        """
                        INSERT INTO orders (id, customer_id, idempotency_key, items, currency, total_minor_units, placed_at, cancellable_until)
                        VALUES (@id, @customer, @key, @items, @currency, @total, @placed, @until)
                        """,
                        ("id", order.Id), ("customer", order.CustomerId), ("key", order.IdempotencyKey),
                        ("items", JsonSerializer.Serialize(order.Items, OrdersJson.Default.IReadOnlyListOrderItem)),
                        ("currency", order.Total.Currency), ("total", order.Total.MinorUnits), ("placed", order.PlacedAt), ("until", order.CancellableUntil));
                    await Outbox.AddAsync(session, OrderEvent.Between(null, order));
                },
                stop);
        }
        catch (UniqueViolationException e) when (e.Constraint == "orders_customer_id_idempotency_key_key")
        {
            return false;
        }

        outbox.Set();
        return true;
    }

    /// <summary>Cancels an order.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="now">The time.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The order before and after; after is null when it is too late. Null when there is no such order.</returns>
    public async Task<(Order Before, Order? After)?> CancelAsync(string id, DateTimeOffset now, CancellationToken stop)
    {
        var done = await database.WriteAsync<(Order Before, Order? After)?>(
            async session =>
            {
                if (await FindAsync(session, id) is not { } before)
                    return null;
                if (before.Cancel(now) is not { } after)
                    return (before, null);
                if (OrderEvent.Between(before, after) is { } cancelled)
                {
                    await session.ExecuteAsync("UPDATE orders SET cancelled_at = @at WHERE id = @id", ("at", after.CancelledAt), ("id", id));
                    await Outbox.AddAsync(session, cancelled);
                }

                return (before, after);
            },
            stop);
        outbox.Set();
        changes.Tell(id);
        return done;
    }

    private static Task<Order?> FindAsync(Session session, string id) => session.FirstAsync($"{Columns} WHERE id = @id", Read, ("id", id));

    private static Order Read(Row row) => new()
    {
        Id = row.Text("id"),
        CustomerId = row.Text("customer_id"),
        IdempotencyKey = row.Text("idempotency_key"),
        Items = JsonSerializer.Deserialize(row.Text("items"), OrdersJson.Default.IReadOnlyListOrderItem)!,
        Total = new Money(row.Text("currency"), row.Number("total_minor_units")),
        PlacedAt = row.Instant("placed_at"),
        CancellableUntil = row.Instant("cancellable_until"),
        CancelledAt = row.InstantOrNull("cancelled_at"),
    };
}
