using Fleet.Orders;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Fleet.ServiceTests.Orders;

public class OrderDomainTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly NewOrder Wanted = new("usr-1", "key", [new("tea", 2, new("EUR", 350)), new("cup", 1, new("EUR", 1))]);

    public static TheoryData<NewOrder, string[]> Wrong => new()
    {
        { Wanted with { CustomerId = "" }, ["customer_id"] },
        { Wanted with { CustomerId = "a/b" }, ["customer_id"] },
        { Wanted with { IdempotencyKey = "" }, ["idempotency_key"] },
        { Wanted with { IdempotencyKey = new string('k', 129) }, ["idempotency_key"] },
        { Wanted with { IdempotencyKey = "tea\n" }, ["idempotency_key"] },
        { Wanted with { Items = [] }, ["items"] },
        { Wanted with { Items = [.. Enumerable.Repeat(Wanted.Items[0], 101)] }, ["items"] },
        { Wanted with { Items = [new("", 0, new("EURO", -1)), new("tea", 10_001, new("USD", 1))] }, ["items[0].sku", "items[0].quantity", "items[0].unit_price.currency_code", "items[0].unit_price.minor_units", "items[1].quantity", "items[1].unit_price.currency_code"] },
        { Wanted with { Items = [new("gold", 2, new("EUR", long.MaxValue))] }, ["items"] },
        { new("", "", []), ["customer_id", "idempotency_key", "items"] },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void Every_wrong_field_is_named(NewOrder wanted, string[] fields) => Assert.Equal(fields, wanted.Problems().Select(p => p.Field));

    [Fact]
    public void A_good_order_has_no_problems_and_its_items_are_summed()
    {
        Assert.Empty(Wanted.Problems());
        Assert.Equal(new Money("EUR", 701), Order.Place(Wanted, Noon, TimeSpan.FromMinutes(30)).Total);
    }

    [Property]
    public bool A_sum_is_exact_or_refused(long price, PositiveInt quantity)
    {
        var exact = (Int128)price * quantity.Get + price;
        var sum = Money.Sum([new("a", quantity.Get, new("EUR", price)), new("b", 1, new("EUR", price))]);
        return sum is { } money ? money.MinorUnits == exact : exact > long.MaxValue || exact < long.MinValue;
    }

    /// <summary>Any life: time passes, and somebody tries to cancel, again and again. It is compared with what the picture of the states says.</summary>
    [Property(MaxTest = 500)]
    public Property Every_life_is_one_of_the_picture() => Prop.ForAll(
        (from minutes in Gen.Choose(0, 40) from cancels in Gen.Elements(true, false) select (minutes, cancels)).ArrayOf().ToArbitrary(),
        steps =>
        {
            var order = Order.Place(Wanted, Noon, TimeSpan.FromMinutes(60));
            var (now, expected, events) = (Noon, OrderState.Placed, new List<OrderEvent> { OrderEvent.Between(null, order)! });
            foreach (var (minutes, cancels) in steps)
            {
                now += TimeSpan.FromMinutes(minutes);
                if (expected == OrderState.Placed && now >= Noon.AddMinutes(60))
                    expected = OrderState.Confirmed;
                if (cancels)
                {
                    var after = order.Cancel(now);
                    if (expected == OrderState.Confirmed)
                    {
                        if (after is not null)
                            return false;
                        continue;
                    }

                    expected = OrderState.Cancelled;
                    if (OrderEvent.Between(order, after!) is { } told)
                        events.Add(told);
                    order = after!;
                }

                if (order.StateAt(now) != expected || order.IsFinalAt(now) != (expected != OrderState.Placed))
                    return false;
            }

            // Each event once, and later than the one before it: that is the order in which they are delivered.
            return events.Select(e => e.Type).SequenceEqual(expected == OrderState.Cancelled ? [OrderEvent.Placed, OrderEvent.Cancelled] : [OrderEvent.Placed])
                && events.Zip(events.Skip(1)).All(pair => pair.First.OccurredAt < pair.Second.OccurredAt)
                && events.DistinctBy(e => e.EventId).Count() == events.Count;
        });

    [Fact]
    public void Ids_sort_by_age() =>
        Assert.True(string.CompareOrdinal(Order.Place(Wanted, Noon, default).Id, Order.Place(Wanted, Noon.AddMilliseconds(1), default).Id) < 0);

    [Fact]
    public void The_same_key_means_the_same_items()
    {
        var order = Order.Place(Wanted, Noon, default);
        Assert.True(order.IsSame(Wanted with { Items = [.. Wanted.Items] }));
        Assert.False(order.IsSame(Wanted with { Items = [Wanted.Items[0]] }));
    }
}
