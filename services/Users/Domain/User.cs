using Fleet.Hosting;

namespace Fleet.Users;

/// <summary>A customer's profile.</summary>
/// <param name="Id">The <c>sub</c> of the customer's tokens, for good.</param>
/// <param name="Email">Nobody else has it.</param>
/// <param name="Name">What the customer is called.</param>
/// <param name="CreatedAt">When the profile was made.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="Version">From 1, one more with each change.</param>
internal sealed record User(string Id, EmailAddress Email, string Name, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, long Version)
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 100;

    /// <summary>The longest id, in characters: other issuers have other ids than ours.</summary>
    public const int MaxIdLength = 128;

    /// <summary>What the customer has ordered, as far as it is known here.</summary>
    public OrderCounts Orders { get; init; } = OrderCounts.None;

    /// <summary>The profile as it is after a change.</summary>
    public User With(UserChange change, DateTimeOffset now) =>
        this with { Email = change.Email ?? Email, Name = change.Name ?? Name, UpdatedAt = now, Version = Version + 1 };
}

/// <summary>How many orders there are of a customer.</summary>
/// <param name="Placed">All that were placed.</param>
/// <param name="Cancelled">Those of them that were cancelled.</param>
internal sealed record OrderCounts(long Placed, long Cancelled)
{
    public static readonly OrderCounts None = new(0, 0);
}

/// <summary>What of a profile is changed; null leaves it as it is.</summary>
internal sealed record UserChange(EmailAddress? Email, string? Name);

/// <summary>What happened to an order, as the orders service tells it.</summary>
/// <param name="EventId">Told again under the same id, it happened once.</param>
/// <param name="CustomerId">Whose order it is.</param>
/// <param name="Kind">What happened.</param>
internal sealed record OrderEvent(string EventId, string CustomerId, OrderEventKind Kind);

/// <summary>What can happen to an order.</summary>
internal enum OrderEventKind
{
    /// <summary>It was placed.</summary>
    Placed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}
