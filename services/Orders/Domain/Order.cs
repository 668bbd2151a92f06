namespace Fleet.Orders;

/// <summary>Where an order is in its life.</summary>
public enum OrderState
{
    /// <summary>It may still be cancelled.</summary>
    Placed,

    /// <summary>The time to cancel it has passed. Final.</summary>
    Confirmed,

    /// <summary>Final.</summary>
    Cancelled,
}

/// <summary>
/// An order and its life:
/// <code>
///            cancel, before CancellableUntil
///   Placed ---------------------------------> Cancelled
///      |
///      +------ CancellableUntil passes ------> Confirmed
/// </code>
/// Confirmation is a matter of time alone, so nobody has to be there to write it down.
/// </summary>
public sealed record Order
{
    /// <summary>Grows with the time of placing, so that ids sort by age.</summary>
    public required string Id { get; init; }

    /// <summary>Whose order it is.</summary>
    public required string CustomerId { get; init; }

    /// <summary>What the customer called it.</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>What is ordered.</summary>
    public required IReadOnlyList<OrderItem> Items { get; init; }

    /// <summary>What all of it costs.</summary>
    public required Money Total { get; init; }

    /// <summary>When it was placed.</summary>
    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>From then on it is confirmed.</summary>
    public required DateTimeOffset CancellableUntil { get; init; }

    /// <summary>When it was cancelled; null when it was not.</summary>
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>Places an order that has no <see cref="NewOrder.Problems"/>.</summary>
    /// <param name="wanted">What is wanted.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellableFor">How long it may be cancelled.</param>
    public static Order Place(NewOrder wanted, DateTimeOffset now, TimeSpan cancellableFor) => new()
    {
        Id = $"ord_{Guid.CreateVersion7(now):N}",
        CustomerId = wanted.CustomerId,
        IdempotencyKey = wanted.IdempotencyKey,
        Items = wanted.Items,
        Total = Money.Sum(wanted.Items) ?? throw new ArgumentException("the order was not checked", nameof(wanted)),
        PlacedAt = now,
        CancellableUntil = now + cancellableFor,
    };

    /// <summary>The state at a time.</summary>
    public OrderState StateAt(DateTimeOffset now) =>
        CancelledAt is not null ? OrderState.Cancelled : now < CancellableUntil ? OrderState.Placed : OrderState.Confirmed;

    /// <summary>Whether nothing can change any more.</summary>
    public bool IsFinalAt(DateTimeOffset now) => StateAt(now) != OrderState.Placed;

    /// <summary>The order, cancelled; itself when it already was; null when it is too late.</summary>
    public Order? Cancel(DateTimeOffset now) => StateAt(now) switch
    {
        OrderState.Cancelled => this,
        // Clocks of two machines differ, yet no order is cancelled before it was placed: its events are delivered in the order of their times.
        OrderState.Placed => this with { CancelledAt = now > PlacedAt ? now : PlacedAt.AddMicroseconds(1) },
        _ => null,
    };

    /// <summary>Whether this is the order that was wanted: the same key may only mean the same content.</summary>
    public bool IsSame(NewOrder wanted) => wanted.CustomerId == CustomerId && wanted.Items.SequenceEqual(Items);
}
