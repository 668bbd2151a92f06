using Fleet.Contracts.Orders.V1;
using Fleet.Hosting;
using Fleet.Rpc;
using Google.Protobuf.WellKnownTypes;
using Wire = Fleet.Contracts.Orders.V1;

namespace Fleet.Orders;

/// <summary>orders.v1.Orders: messages in, <see cref="OrderService"/>, messages out.</summary>
internal sealed class OrdersRpc(OrderService orders, CallerGuard guard)
{
    public RpcService ToService() => new RpcService(OrdersReflection.Descriptor.Services[0])
        .Guard(guard.CheckAsync)
        .Unary<PlaceOrderRequest, Wire.Order>("PlaceOrder", async (request, call) =>
            ToWire(await orders.PlaceAsync(FromWire(request), CallerGuard.CallerOf(call), CallerGuard.TokenOf(call), call.Stop)))
        .Unary<GetOrderRequest, Wire.Order>("GetOrder", async (request, call) =>
            ToWire(await orders.GetAsync(request.OrderId, CallerGuard.CallerOf(call), call.Stop)))
        .ServerStreaming<ListOrdersRequest, Wire.Order>("ListOrders", (request, call) =>
            orders.ListAsync(request.CustomerId, request.After, request.Limit, CallerGuard.CallerOf(call), call.Stop).Select(ToWire))
        .Unary<CancelOrderRequest, Wire.Order>("CancelOrder", async (request, call) =>
            ToWire(await orders.CancelAsync(request.OrderId, CallerGuard.CallerOf(call), call.Stop)))
        .ServerStreaming<WatchOrderRequest, Wire.Order>("WatchOrder", (request, call) => WatchAsync(request, call), endless: true);

    /// <summary>The status of what the service refuses, and of what does not answer it.</summary>
    public static RpcStatus? Explain(Exception e) => e switch
    {
        OrderException.Invalid invalid => RpcStatus.InvalidArgument(invalid.Problems),
        OrderException.NotFound => new(RpcStatusCode.NotFound, e.Message),
        OrderException.Forbidden => new(RpcStatusCode.PermissionDenied, e.Message),
        OrderException.Conflict => new(RpcStatusCode.AlreadyExists, e.Message),
        OrderException.Precondition => new(RpcStatusCode.FailedPrecondition, e.Message),
        DependencyUnavailableException gone => new(RpcStatusCode.Unavailable, $"{gone.Dependency}: {gone.Message}"),
        _ => null,
    };

    private async IAsyncEnumerable<Wire.Order> WatchAsync(WatchOrderRequest request, RpcCall call)
    {
        await foreach (var (order, state) in orders.WatchAsync(request.OrderId, CallerGuard.CallerOf(call), call.Stop))
            yield return ToWire(order, state);
    }

    private static NewOrder FromWire(PlaceOrderRequest request) => new(
        request.CustomerId,
        request.IdempotencyKey,
        [.. request.Items.Select(i => new OrderItem(i.Sku, i.Quantity, new Money(i.UnitPrice?.CurrencyCode ?? "", i.UnitPrice?.MinorUnits ?? 0)))]);

    private Wire.Order ToWire(Order order) => ToWire(order, order.StateAt(orders.Now));

    private static Wire.Order ToWire(Order order, OrderState state) => new()
    {
        Id = order.Id,
        CustomerId = order.CustomerId,
        Items = { order.Items.Select(i => new Wire.OrderItem { Sku = i.Sku, Quantity = i.Quantity, UnitPrice = ToWire(i.UnitPrice) }) },
        Total = ToWire(order.Total),
        State = state switch
        {
            OrderState.Placed => Wire.OrderState.Placed,
            OrderState.Confirmed => Wire.OrderState.Confirmed,
            _ => Wire.OrderState.Cancelled,
        },
        PlacedAt = order.PlacedAt.ToTimestamp(),
        CancellableUntil = order.CancellableUntil.ToTimestamp(),
        CancelledAt = order.CancelledAt?.ToTimestamp(),
    };

    private static Wire.Money ToWire(Money money) => new() { CurrencyCode = money.Currency, MinorUnits = money.MinorUnits };
}
