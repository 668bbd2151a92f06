using System.Runtime.CompilerServices;
using Fleet.Hosting;
using Fleet.Storage;

namespace Fleet.Orders;

/// <summary>What callers can do with orders. Refusals are <see cref="OrderException"/>s; whatever does not answer is a <see cref="DependencyUnavailableException"/>.</summary>
public sealed class OrderService(OrderStore store, ICustomers customers, OrderChanges changes, OrderSettings settings, TimeProvider time)
{
    private const int Page = 100;

    /// <summary>How late a change that another replica made is seen at most.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>The time, as it is kept.</summary>
    public DateTimeOffset Now => Instants.Kept(time.GetUtcNow());

    /// <summary>Places an order, once per key.</summary>
    /// <param name="wanted">The order; without a customer it is the caller's.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="token">The caller's token, to ask others with.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task<Order> PlaceAsync(NewOrder wanted, Caller caller, string? token, CancellationToken stop)
    {
        if (wanted.CustomerId.Length == 0)
            wanted = wanted with { CustomerId = caller.Subject };
        if (wanted.Problems() is { Count: > 0 } problems)
            throw new OrderException.Invalid(problems);
        if (!MaySee(caller, wanted.CustomerId))
            throw new OrderException.Forbidden($"the order is for {wanted.CustomerId}, and the token is not");

        // A repeated request is answered from the store alone: the answer was given, whatever has become of the customer since.
        if (await store.FindAsync(wanted.CustomerId, wanted.IdempotencyKey, stop) is { } known)
            return Same(known, wanted);
        switch (await customers.FindAsync(wanted.CustomerId, token, stop))
        {
            case CustomerAnswer.Unknown:
                throw new OrderException.Precondition($"users: the customer {wanted.CustomerId} does not exist");
            case CustomerAnswer.Forbidden:
                throw new OrderException.Forbidden($"users: the token may not see the customer {wanted.CustomerId}");
        }

        var order = Order.Place(wanted, Now, settings.CancellableFor);
        if (await store.AddAsync(order, stop))
            return order;
        // The same request came twice at once, and the other one was first.
        return Same((await store.FindAsync(wanted.CustomerId, wanted.IdempotencyKey, stop))!, wanted);
    }

    /// <summary>One order.</summary>
    public async Task<Order> GetAsync(string id, Caller caller, CancellationToken stop) =>
        NewOrder.IsId(id) && await store.FindAsync(id, stop) is { } order && MaySee(caller, order.CustomerId) ? order : throw NotFound(id);

    /// <summary>Orders, the newest first, read page by page.</summary>
    /// <param name="customerId">Whose; empty: the caller's own, for an operator everybody's.</param>
    /// <param name="after">Begin behind this order; empty: with the newest.</param>
    /// <param name="limit">How many at most; 0: all.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="stop">Ends the wait.</param>
    public async IAsyncEnumerable<Order> ListAsync(string customerId, string after, int limit, Caller caller, [EnumeratorCancellation] CancellationToken stop)
    {
        List<(string, string)> problems = [];
        if (limit < 0)
            problems.Add(("limit", "is negative"));
        if (after.Length > 0 && !NewOrder.IsId(after))
            problems.Add(("after", "is no id of an order"));
        if (problems.Count > 0)
            throw new OrderException.Invalid(problems);
        var whose = customerId.Length > 0 ? customerId : caller.IsOperator ? null : caller.Subject;
        if (whose is not null && !MaySee(caller, whose))
            throw new OrderException.Forbidden($"the orders are of {whose}, and the token is not");

        var last = after.Length > 0 ? after : null;
        var left = limit > 0 ? limit : int.MaxValue;
        while (left > 0)
        {
            var page = await store.ListAsync(whose, last, Math.Min(Page, left), stop);
            foreach (var order in page)
                yield return order;
            if (page.Count < Page)
                yield break;
            last = page[^1].Id;
            left -= page.Count;
        }
    }

    /// <summary>Cancels an order; again changes nothing.</summary>
    public async Task<Order> CancelAsync(string id, Caller caller, CancellationToken stop)
    {
        // Whose it is never changes, so it can be asked before.
        await GetAsync(id, caller, stop);
        var (before, after) = await store.CancelAsync(id, Now, stop) ?? throw NotFound(id);
        return after ?? throw new OrderException.Precondition($"the order {id} is confirmed since {before.CancellableUntil:O} and cannot be cancelled");
    }

    /// <summary>The order now, and again with each change, until it is final.</summary>
    public async IAsyncEnumerable<(Order Order, OrderState State)> WatchAsync(string id, Caller caller, [EnumeratorCancellation] CancellationToken stop)
    {
        // Before the first look, so that a change between two looks is not missed.
        using var watch = changes.Begin(id);
        OrderState? last = null;
        while (true)
        {
            var order = await GetAsync(id, caller, stop);
            var now = Now;
            var state = order.StateAt(now);
            if (state != last)
                yield return (order, state);
            if (order.IsFinalAt(now))
                yield break;
            last = state;
            // The end of the time to cancel is a change as well.
            var wait = order.CancellableUntil - now;
            await watch.WaitAsync(wait < LookEvery ? wait : LookEvery, time, stop);
        }
    }

    private static bool MaySee(Caller caller, string customerId) => caller.IsOperator || caller.Subject == customerId;

    // The order of somebody else and one that never was must not be told apart.
    private static OrderException.NotFound NotFound(string id) => new($"there is no order '{id}'");

    private static Order Same(Order known, NewOrder wanted) => known.IsSame(wanted)
        ? known
        : throw new OrderException.Conflict($"the idempotency_key '{wanted.IdempotencyKey}' was used for {known.Id}, which has other items");
}

/// <summary>What can be set.</summary>
/// <param name="CancellableFor">How long an order may be cancelled.</param>
public sealed record OrderSettings(TimeSpan CancellableFor)
{
    /// <summary>Reads <c>ORDERS__CANCELLABLEMINUTES</c>; half an hour when it is not set.</summary>
    /// <exception cref="ConfigurationException">It is no number of minutes.</exception>
    public static OrderSettings Read(ServiceEnvironment environment) =>
        new(TimeSpan.FromMinutes(environment.Number("ORDERS__CANCELLABLEMINUTES", otherwise: 30, least: 0, most: 7 * 24 * 60)));
}
