using Fleet.Contracts.Orders.V1;
using Fleet.Orders;
using Fleet.Rpc;
using Fleet.ServiceTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Order = Fleet.Contracts.Orders.V1.Order;
using OrderItem = Fleet.Contracts.Orders.V1.OrderItem;

namespace Fleet.ServiceTests.Orders;

/// <summary>The orders service in this process, and a caller of it.</summary>
internal sealed class OrdersUnderTest : IAsyncDisposable
{
    private readonly TestService _service;

    private OrdersUnderTest(TestService service)
    {
        _service = service;
        Channel = new(service.Public.BaseAddress!.AbsoluteUri);
    }

    public RpcChannel Channel { get; }

    public HttpClient Management => _service.Management;

    public IServiceProvider Services => _service.App.Services;

    public static async Task<OrdersUnderTest> StartAsync(string store, Action<IServiceCollection>? configure = null, params string[] more) =>
        new(await TestService.StartAsync(OrdersApp.Build(TestService.Arguments([$"--ConnectionStrings:Default={store}", .. more]), configure)));

    /// <summary>An order for two cups of tea.</summary>
    public static PlaceOrderRequest Tea(string key, string customer = "", int quantity = 2) => new()
    {
        CustomerId = customer,
        IdempotencyKey = key,
        Items = { new OrderItem { Sku = "tea", Quantity = quantity, UnitPrice = new() { CurrencyCode = "EUR", MinorUnits = 350 } } },
    };

    public async Task<Order> PlaceAsync(PlaceOrderRequest request, string? token = null) =>
        (await Channel.UnaryAsync(Method<PlaceOrderRequest>("PlaceOrder"), request, With(token))).Message;

    public async Task<Order> GetAsync(string id, string? token = null) =>
        (await Channel.UnaryAsync(Method<GetOrderRequest>("GetOrder"), new() { OrderId = id }, With(token))).Message;

    public async Task<Order> CancelAsync(string id, string? token = null) =>
        (await Channel.UnaryAsync(Method<CancelOrderRequest>("CancelOrder"), new() { OrderId = id }, With(token))).Message;

    public async Task<List<Order>> ListAsync(ListOrdersRequest request, string? token = null)
    {
        await using var orders = await Channel.ServerStreamingAsync(Method<ListOrdersRequest>("ListOrders"), request, With(token));
        return await orders.ReadAllAsync().ToListAsync();
    }

    public Task<RpcResponses<Order>> WatchAsync(string id, string? token = null) =>
        Channel.ServerStreamingAsync(Method<WatchOrderRequest>("WatchOrder"), new() { OrderId = id }, With(token) with { Timeout = null });

    /// <summary>Does something many times, up to twenty of them at once: a store makes each of more than that wait for longer than it is patient, on a busy disk.</summary>
    public static async Task<T[]> ManyAsync<T>(int count, Func<int, Task<T>> make)
    {
        using var turns = new SemaphoreSlim(20);
        return await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            await turns.WaitAsync();
            try
            {
                return await make(i);
            }
            finally
            {
                turns.Release();
            }
        }));
    }

    /// <summary>Begins to drain, as SIGTERM does.</summary>
    public Task StopAsync() => _service.App.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _service.DisposeAsync();
    }

    private static RpcMethod<TRequest, Order> Method<TRequest>(string name)
        where TRequest : class, Google.Protobuf.IMessage<TRequest>, new() =>
        RpcMethod.Of<TRequest, Order>(OrdersReflection.Descriptor.Services[0].FindMethodByName(name));

    private static RpcCallOptions With(string? token)
    {
        var options = new RpcCallOptions { Timeout = TimeSpan.FromSeconds(30) };
        return token is null ? options : options with { Metadata = new RpcMetadata { { "authorization", $"Bearer {token}" } } };
    }
}
