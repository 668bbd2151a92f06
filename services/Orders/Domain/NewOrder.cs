namespace Fleet.Orders;

/// <summary>An order that somebody wants to place.</summary>
/// <param name="CustomerId">Whose order it will be.</param>
/// <param name="IdempotencyKey">The customer's own name for it: however often it is sent, it is one order.</param>
/// <param name="Items">What is ordered.</param>
public sealed record NewOrder(string CustomerId, string IdempotencyKey, IReadOnlyList<OrderItem> Items)
{
    private const int MaxItems = 100;
    private const int MaxQuantity = 10_000;
    private const int MaxKey = 128;
    private const int MaxId = 64;

    /// <summary>Everything that is wrong with it, by the fields of the request; empty when it may be placed.</summary>
    public IReadOnlyList<(string Field, string Problem)> Problems()
    {
        var problems = new List<(string, string)>();
        if (CustomerId.Length == 0)
            problems.Add(("customer_id", "is missing"));
        else if (!IsId(CustomerId))
            problems.Add(("customer_id", $"is no id: 1 to {MaxId} letters, digits, '-', '_' and '.'"));
        if (IdempotencyKey.Length is 0 or > MaxKey || IdempotencyKey.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            problems.Add(("idempotency_key", IdempotencyKey.Length == 0 ? "is missing" : $"is not 1 to {MaxKey} printable ASCII characters"));
        if (Items.Count is 0 or > MaxItems)
            problems.Add(("items", Items.Count == 0 ? "is empty" : $"are more than {MaxItems}"));
        foreach (var (i, item) in Items.Take(MaxItems).Index())
            Check(item, $"items[{i}]", problems);
        if (problems.Count == 0 && Money.Sum(Items) is null)
            problems.Add(("items", "cost more than can be counted"));
        return problems;
    }

    /// <summary>Whether the id of a user, an order or an article may look like this.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= MaxId && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private void Check(OrderItem item, string at, List<(string, string)> problems)
    {
        if (!IsId(item.Sku))
            problems.Add(($"{at}.sku", item.Sku.Length == 0 ? "is missing" : $"is not 1 to {MaxId} letters, digits, '-', '_' and '.'"));
        if (item.Quantity is < 1 or > MaxQuantity)
            problems.Add(($"{at}.quantity", $"is {item.Quantity}, not 1 to {MaxQuantity}"));
        if (!Money.IsCurrency(item.UnitPrice.Currency))
            problems.Add(($"{at}.unit_price.currency_code", item.UnitPrice.Currency.Length == 0 ? "is missing" : "is no code of ISO 4217"));
        else if (item.UnitPrice.Currency != Items[0].UnitPrice.Currency)
            problems.Add(($"{at}.unit_price.currency_code", $"is {item.UnitPrice.Currency}, the first item has {Items[0].UnitPrice.Currency}"));
        if (item.UnitPrice.MinorUnits < 0)
            problems.Add(($"{at}.unit_price.minor_units", "is negative"));
    }
}
