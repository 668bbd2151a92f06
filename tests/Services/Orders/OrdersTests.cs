using Fleet.Contracts.Orders.V1;
using Fleet.Orders;
using Fleet.Rpc;
using Fleet.ServiceTests.Hosting;
using Fleet.ServiceTests.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Fleet.ServiceTests.Orders.OrdersUnderTest;
using OrderItem = Fleet.Contracts.Orders.V1.OrderItem;
using OrderState = Fleet.Contracts.Orders.V1.OrderState;

namespace Fleet.ServiceTests.Orders;

/// <summary>The orders service as its callers see it, on any store.</summary>
public abstract class OrdersTests(IStoreUnderTest stores) : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private TestIssuer _issuer = null!;
    private UsersStandIn _users = null!;
    private OrdersUnderTest _orders = null!;
    private string _store = "";
    private string _ada = "";
    private string _bob = "";
    private string _operator = "";

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _users = await UsersStandIn.StartAsync();
        _store = await stores.CreateAsync();
        _orders = await StartAsync();
        // Good for longer than any test lets pass.
        _ada = _issuer.Token("usr-ada", expires: _time.GetUtcNow().AddHours(2));
        _bob = _issuer.Token("usr-bob");
        _operator = _issuer.Token("usr-op", "fleet:operator");
    }

    public async Task DisposeAsync()
    {
        await _orders.DisposeAsync();
        await _users.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Fact]
    public async Task An_order_is_placed_read_and_cancelled()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        Assert.Equal(("usr-ada", OrderState.Placed, 700L, "EUR"), (placed.CustomerId, placed.State, placed.Total.MinorUnits, placed.Total.CurrencyCode));
        Assert.Equal(TimeSpan.FromMinutes(30), placed.CancellableUntil.ToDateTimeOffset() - placed.PlacedAt.ToDateTimeOffset());
        Assert.Equal(placed, await _orders.GetAsync(placed.Id, _ada));

        _time.Advance(TimeSpan.FromMinutes(1));
        var cancelled = await _orders.CancelAsync(placed.Id, _ada);
        Assert.Equal((OrderState.Cancelled, placed.PlacedAt.ToDateTimeOffset().AddMinutes(1)), (cancelled.State, cancelled.CancelledAt.ToDateTimeOffset()));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(cancelled, await _orders.CancelAsync(placed.Id, _ada));
        Assert.Equal(cancelled, await _orders.GetAsync(placed.Id, _ada));
    }

    [Fact]
    public async Task A_confirmed_order_is_not_cancelled()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        _time.Advance(TimeSpan.FromMinutes(30));
        await FailsAsync(RpcStatusCode.FailedPrecondition, placed.Id, () => _orders.CancelAsync(placed.Id, _ada));
        Assert.Equal(OrderState.Confirmed, (await _orders.GetAsync(placed.Id, _ada)).State);
    }

    [Fact]
    public async Task The_same_key_is_the_same_order_and_never_another_one()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        Assert.Equal(placed.Id, (await _orders.PlaceAsync(Tea("k"), _ada)).Id);
        // The answer to a repeated request needs nobody else.
        _users.Answer = (_, http) => Fail(http, 503);
        Assert.Equal(placed.Id, (await _orders.PlaceAsync(Tea("k"), _ada)).Id);
        await FailsAsync(RpcStatusCode.AlreadyExists, placed.Id, () => _orders.PlaceAsync(Tea("k", quantity: 3), _ada));
    }

    [Fact]
    public async Task A_key_is_its_customers_own()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        Assert.NotEqual(placed.Id, (await _orders.PlaceAsync(Tea("k"), _bob)).Id);
    }

    [Fact]
    public async Task The_same_request_many_times_at_once_at_two_replicas_is_one_order()
    {
        await using var other = await StartAsync();
        var placed = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? _orders : other).PlaceAsync(Tea($"k{i / 20}"), _ada)));
        Assert.Equal(2, placed.Select(o => o.Id).Distinct().Count());
        Assert.Equal(2, (await _orders.ListAsync(new(), _ada)).Count);
        Assert.Equal(2, await _orders.Services.GetRequiredService<Outbox>().CountAsync(default));
    }

    [Fact]
    public async Task Two_replicas_that_write_lose_nothing()
    {
        await using var other = await StartAsync();
        var placed = await ManyAsync(100, i => (i % 2 == 0 ? _orders : other).PlaceAsync(Tea($"{i}"), _ada));
        // Both cancel the same orders at once: one of them makes the change.
        await Task.WhenAll(placed.Take(20).SelectMany(o => new[] { _orders.CancelAsync(o.Id, _ada), other.CancelAsync(o.Id, _ada) }));
        var all = await _orders.ListAsync(new(), _ada);
        Assert.Equal(placed.Select(o => o.Id).Order(), all.Select(o => o.Id).Order());
        Assert.Equal(20, all.Count(o => o.State == OrderState.Cancelled));
        Assert.Equal(120, await _orders.Services.GetRequiredService<Outbox>().CountAsync(default));
    }

    [Fact]
    public async Task A_list_has_every_order_once_the_newest_first()
    {
        var ids = new List<string>();
        for (var i = 0; i < 230; i++)
        {
            ids.Add((await _orders.PlaceAsync(Tea($"{i}"), _ada)).Id);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await _orders.PlaceAsync(Tea("k"), _bob);
        ids.Reverse();
        Assert.Equal(ids, (await _orders.ListAsync(new(), _ada)).Select(o => o.Id));
        Assert.Equal(ids[..150], (await _orders.ListAsync(new() { Limit = 150 }, _ada)).Select(o => o.Id));
        Assert.Equal(ids[150..], (await _orders.ListAsync(new() { After = ids[149] }, _ada)).Select(o => o.Id));
        Assert.Equal(231, (await _orders.ListAsync(new(), _operator)).Count);
        Assert.Single(await _orders.ListAsync(new() { CustomerId = "usr-bob" }, _operator));
        await FailsAsync(RpcStatusCode.InvalidArgument, "limit: is negative; after", () => _orders.ListAsync(new() { Limit = -1, After = "/" }, _ada));
    }

    [Fact]
    public async Task A_watch_begins_with_the_order_and_ends_with_its_end()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        await using var watch = await _orders.WatchAsync(placed.Id, _ada);
        Assert.Equal(placed, await watch.ReadAsync());
        await _orders.CancelAsync(placed.Id, _ada);
        Assert.Equal(OrderState.Cancelled, (await watch.ReadAsync())!.State);
        Assert.Null(await watch.ReadAsync());
    }

    [Fact]
    public async Task A_watch_sees_what_another_replica_changes()
    {
        await using var other = await StartAsync();
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        await using var watch = await _orders.WatchAsync(placed.Id, _ada);
        Assert.NotNull(await watch.ReadAsync());
        var next = watch.ReadAsync();
        await other.CancelAsync(placed.Id, _ada);
        await AdvanceUntilAsync(next, TimeSpan.FromSeconds(1));
        Assert.Equal(OrderState.Cancelled, (await next)!.State);
    }

    [Fact]
    public async Task A_watch_sees_the_confirmation()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        await using var watch = await _orders.WatchAsync(placed.Id, _ada);
        Assert.NotNull(await watch.ReadAsync());
        var next = watch.ReadAsync();
        await AdvanceUntilAsync(next, TimeSpan.FromMinutes(10));
        Assert.Equal(OrderState.Confirmed, (await next)!.State);
        Assert.Null(await watch.ReadAsync());
    }

    [Fact]
    public async Task A_watch_ends_with_UNAVAILABLE_when_the_service_stops()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        await using var watch = await _orders.WatchAsync(placed.Id, _ada);
        Assert.NotNull(await watch.ReadAsync());
        var next = watch.ReadAsync();
        await _orders.StopAsync();
        await FailsAsync(RpcStatusCode.Unavailable, "", () => next);
    }

    [Fact]
    public async Task What_others_ordered_does_not_exist()
    {
        var placed = await _orders.PlaceAsync(Tea("k"), _ada);
        await FailsAsync(RpcStatusCode.NotFound, placed.Id, () => _orders.GetAsync(placed.Id, _bob));
        await FailsAsync(RpcStatusCode.NotFound, placed.Id, () => _orders.CancelAsync(placed.Id, _bob));
        await FailsAsync(RpcStatusCode.NotFound, placed.Id, () => _orders.WatchAsync(placed.Id, _bob));
        await FailsAsync(RpcStatusCode.NotFound, "nothing", () => _orders.GetAsync("nothing", _ada));
        await FailsAsync(RpcStatusCode.PermissionDenied, "usr-ada", () => _orders.PlaceAsync(Tea("k", "usr-ada"), _bob));
        await FailsAsync(RpcStatusCode.PermissionDenied, "usr-ada", () => _orders.ListAsync(new() { CustomerId = "usr-ada" }, _bob));
        Assert.Equal(placed, await _orders.GetAsync(placed.Id, _operator));
        Assert.Equal("usr-ada", (await _orders.PlaceAsync(Tea("k2", "usr-ada"), _operator)).CustomerId);
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        var wrong = new PlaceOrderRequest { Items = { new OrderItem { Quantity = -1 } } };
        var e = await Assert.ThrowsAsync<RpcException>(() => _orders.PlaceAsync(wrong, _ada));
        Assert.Equal(RpcStatusCode.InvalidArgument, e.Status.Code);
        var details = Fleet.Rpc.Details.Status.Parser.ParseFrom(e.Status.Details).Details.Single().Unpack<Fleet.Rpc.Details.BadRequest>();
        Assert.Equal(
            ["idempotency_key", "items[0].sku", "items[0].quantity", "items[0].unit_price.currency_code"],
            details.FieldViolations.Select(v => v.Field));
        Assert.Equal(0, _users.Calls);
    }

    [Fact]
    public async Task Calls_without_a_good_token_are_UNAUTHENTICATED()
    {
        await FailsAsync(RpcStatusCode.Unauthenticated, "authorization", () => _orders.PlaceAsync(Tea("k")));
        await FailsAsync(RpcStatusCode.Unauthenticated, "", () => _orders.PlaceAsync(Tea("k"), "rubbish"));
        await FailsAsync(RpcStatusCode.Unauthenticated, "expired", () => _orders.PlaceAsync(Tea("k"), _issuer.Token("usr-ada", expires: DateTimeOffset.UtcNow.AddHours(-1))));
        await FailsAsync(RpcStatusCode.Unauthenticated, "", () => _orders.PlaceAsync(Tea("k"), _issuer.Token("usr-ada", signer: _issuer.ForgedKey())));
    }

    [Fact]
    public async Task Without_the_issuers_keys_nobody_can_tell()
    {
        _issuer.IsAway = true;
        await using var fresh = await StartAsync();
        await FailsAsync(RpcStatusCode.Unavailable, "auth: ", () => fresh.PlaceAsync(Tea("k"), _ada));
    }

    [Fact]
    public async Task The_customer_must_exist_and_is_asked_for_with_the_callers_token()
    {
        await _orders.PlaceAsync(Tea("k"), _ada);
        Assert.Equal($"Bearer {_ada}", _users.Authorization);
        await FailsAsync(RpcStatusCode.FailedPrecondition, "users: ", () => _orders.PlaceAsync(Tea("k", "nobody"), _operator));
        _users.Answer = (_, http) => Fail(http, 403);
        await FailsAsync(RpcStatusCode.PermissionDenied, "users: ", () => _orders.PlaceAsync(Tea("k2"), _ada));
    }

    [Fact]
    public async Task Users_that_fail_are_named_and_then_left_alone_for_a_while()
    {
        _users.Answer = (_, http) => Fail(http, 500);
        for (var i = 0; i < 8; i++)
            await FailsAsync(RpcStatusCode.Unavailable, "users: users answered 500", () => _orders.PlaceAsync(Tea("k"), _ada));
        await FailsAsync(RpcStatusCode.Unavailable, "users: users has failed repeatedly", () => _orders.PlaceAsync(Tea("k"), _ada));
        Assert.Equal(8, _users.Calls);

        _users.Answer = (_, http) => Fail(http, 200);
        _time.Advance(TimeSpan.FromSeconds(3));
        await _orders.PlaceAsync(Tea("k"), _ada);
    }

    [Fact]
    public async Task Users_that_do_not_answer_are_not_waited_for()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _users.Answer = async (_, http) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        var place = _orders.PlaceAsync(Tea("k"), _ada);
        await asked.Task;
        _time.Advance(TimeSpan.FromSeconds(2));
        await FailsAsync(RpcStatusCode.Unavailable, "users: users did not answer in time", () => place);

        await _users.DisposeAsync();
        await FailsAsync(RpcStatusCode.Unavailable, "users: users does not answer", () => _orders.PlaceAsync(Tea("k"), _ada));
    }

    [Fact]
    public async Task Without_a_broker_events_wait_and_the_service_stays_ready()
    {
        await _orders.PlaceAsync(Tea("k"), _ada);
        using var ready = await _orders.Management.GetAsync("/healthz/ready");
        Assert.Equal(200, (int)ready.StatusCode);
        Assert.Contains("1 events wait, no broker is given", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task Fail(Microsoft.AspNetCore.Http.HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static async Task FailsAsync(RpcStatusCode code, string text, Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        Assert.True(e.Status.Code == code, e.Message);
        Assert.Contains(text, e.Status.Message, StringComparison.Ordinal);
    }

    // The service may not have set its timer yet when the clock moves, so the clock moves until it has.
    private async Task AdvanceUntilAsync(Task done, TimeSpan step)
    {
        while (await Task.WhenAny(done, Task.Delay(20)) != done)
            _time.Advance(step);
    }

    private Task<OrdersUnderTest> StartAsync() => OrdersUnderTest.StartAsync(
        _store, services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time)), [.. _issuer.Arguments, $"--SERVICES:USERS:URL={_users.Address}"]);
}

/// <inheritdoc/>
public sealed class OrdersOnSqliteTests(SqliteStore store) : OrdersTests(store), IClassFixture<SqliteStore>;

/// <inheritdoc/>
[Collection(nameof(PostgreSqlStore)), Trait("Needs", "Backends")]
public sealed class OrdersOnPostgreSqlTests(PostgreSqlStore store) : OrdersTests(store);
