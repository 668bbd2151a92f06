using System.Text.Json;
using Fleet.Storage;

namespace Fleet.Orders;

/// <summary>An event that waits for the broker.</summary>
/// <param name="EventId">The message's id.</param>
/// <param name="OrderId">The order it is about.</param>
/// <param name="Type">The routing key.</param>
/// <param name="Body">JSON.</param>
public sealed record WaitingEvent(string EventId, string OrderId, string Type, string Body);

/// <summary>Events that are in the store and not yet at the broker (the transactional outbox).</summary>
public sealed class Outbox(Database database, TimeProvider time)
{
    /// <summary>Adds an event to the transaction that makes it true.</summary>
    public static async Task AddAsync(Session session, OrderEvent? what)
    {
        if (what is null)
            return;
        await session.ExecuteAsync(
            "INSERT INTO outbox (event_id, order_id, type, body, occurred_at) VALUES (@id, @order, @type, @body, @at)",
            ("id", what.EventId), ("order", what.OrderId), ("type", what.Type),
            ("body", JsonSerializer.Serialize(what, OrdersJson.Default.OrderEvent)), ("at", what.OccurredAt));
    }

    /// <summary>How many events wait.</summary>
    public Task<long> CountAsync(CancellationToken stop) => database.ReadAsync(s => s.NumberAsync("SELECT count(*) FROM outbox"), stop);

    /// <summary>Whether any event waits.</summary>
    public Task<bool> AnyAsync(CancellationToken stop) =>
        database.ReadAsync(async s => await s.NumberAsync("SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 1) AS waiting") > 0, stop);

    /// <summary>
    /// Takes, or keeps, the turn to deliver. One replica at a time delivers, so that no two deliver the same event or overtake each other; when it dies, its
    /// turn ends by itself.
    /// </summary>
    /// <param name="holder">Who wants it.</param>
    /// <param name="length">For how long; zero gives it back.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Whether it is the holder's turn.</returns>
    public Task<bool> TakeTurnAsync(string holder, TimeSpan length, CancellationToken stop) => database.WriteAsync(
        async s => await s.ExecuteAsync(
            "UPDATE outbox_turn SET holder = @holder, until = @until WHERE holder = @holder OR until <= @now",
            ("holder", holder), ("now", time.GetUtcNow()), ("until", time.GetUtcNow() + length)) == 1,
        stop);

    /// <summary>
    /// The events to deliver next: the oldest, and of each order at most one, so that they may be delivered side by side and still arrive in the order in
    /// which they happened to it.
    /// </summary>
    public async Task<IReadOnlyList<WaitingEvent>> NextAsync(int count, CancellationToken stop)
    {
        var oldest = await database.ReadAsync(
            s => s.ListAsync(
                "SELECT event_id, order_id, type, body FROM outbox ORDER BY occurred_at, event_id LIMIT @count",
                row => new WaitingEvent(row.Text("event_id"), row.Text("order_id"), row.Text("type"), row.Text("body")),
                ("count", count)),
            stop);
        return [.. oldest.DistinctBy(e => e.OrderId)];
    }

    /// <summary>Forgets events that the broker has.</summary>
    public Task RemoveAsync(IReadOnlyList<WaitingEvent> delivered, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            foreach (var one in delivered)
                await session.ExecuteAsync("DELETE FROM outbox WHERE event_id = @id", ("id", one.EventId));
        },
        stop);
}

/// <summary>Wakes the delivery as soon as an event was written in this process.</summary>
public sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0);

    /// <summary>There may be something to deliver.</summary>
    public void Set()
    {
        if (_set.CurrentCount == 0)
            _set.Release();
    }

    /// <summary>Waits for it, or until the time is up: another replica that died may have left something.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken stop) => _set.WaitAsync(atMost, stop);

    /// <inheritdoc/>
    public void Dispose() => _set.Dispose();
}
