using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Fleet.Orders;
using Fleet.ServiceTests.Storage;
using Fleet.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;
using static Fleet.ServiceTests.Orders.OrdersUnderTest;

namespace Fleet.ServiceTests.Orders;

/// <summary>What becomes of events between the store and a real broker.</summary>
[Trait("Needs", "Backends")]
public sealed class OutboxTests(RabbitMqServer broker, SqliteStore stores) : IClassFixture<RabbitMqServer>, IClassFixture<SqliteStore>, IAsyncLifetime
{
    private string _store = "";

    private string[] Broker => [$"--ConnectionStrings:RabbitMq={broker.Url}"];

    public async Task InitializeAsync() => _store = await stores.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Events_arrive_once_and_in_the_order_of_each_order_from_two_replicas()
    {
        await using var consumer = await Consumer.StartAsync(broker.Url);
        await using var first = await StartAsync(_store, null, Broker);
        await using var second = await StartAsync(_store, null, Broker);
        var orders = await ManyAsync(100, async i =>
        {
            var (one, other) = i % 2 == 0 ? (first, second) : (second, first);
            var placed = await one.PlaceAsync(Tea($"{i}", "usr-ada"));
            return i < 50 ? await other.CancelAsync(placed.Id) : placed;
        });
        await Eventually.True(() => consumer.Events.Count >= 150, seen: () => $"{consumer.Events.Count} events");
        await Eventually.True(async () => await first.Services.GetRequiredService<Outbox>().CountAsync(default) == 0);

        Assert.Equal(150, consumer.Events.Count);
        Assert.All(orders, order => Assert.Equal(
            order.CancelledAt is null ? ["order.placed"] : ["order.placed", "order.cancelled"], consumer.Events.Where(e => e.OrderId == order.Id).Select(e => e.Type)));
        var told = consumer.Events.First(e => e.OrderId == orders[0].Id);
        Assert.Equal(("usr-ada", 700L, "EUR", orders[0].PlacedAt.ToDateTimeOffset()), (told.CustomerId, told.TotalMinorUnits, told.Currency, told.OccurredAt));
    }

    [Fact]
    public async Task A_crash_after_publishing_delivers_again_under_the_same_id()
    {
        await using var consumer = await Consumer.StartAsync(broker.Url);
        await using (var crashing = await StartAsync(
            _store, services => services.Replace(ServiceDescriptor.Singleton<IEventPublisher>(new CrashesAfterwards(new RabbitMqPublisher(new Uri(broker.Url))))), Broker))
        {
            await crashing.PlaceAsync(Tea("k", "usr-ada"));
            await Eventually.True(() => !consumer.Events.IsEmpty);
        }

        // The turn of the dead one ends by itself: a minute later another one has it.
        var later = new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(1));
        await using var next = await StartAsync(_store, services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(later)), Broker);
        await Eventually.True(async () =>
        {
            later.Advance(TimeSpan.FromSeconds(1)); // after a fault it waits by this clock
            return await next.Services.GetRequiredService<Outbox>().CountAsync(default) == 0;
        });
        await Eventually.True(() => consumer.Events.Count >= 2);
        Assert.Single(consumer.Events.Select(e => e.EventId).Distinct());
    }

    [Fact]
    public async Task Nothing_is_lost_while_the_broker_is_killed_and_comes_back()
    {
        await using var consumer = await Consumer.StartAsync(broker.Url);
        await broker.WaitForQueueOnDiskAsync(consumer.Queue);
        await using var orders = await StartAsync(_store, null, Broker);
        for (var i = 0; i < 20; i++)
            await orders.PlaceAsync(Tea($"{i}", "usr-ada"));
        await broker.KillAsync();
        for (var i = 20; i < 40; i++)
            await orders.PlaceAsync(Tea($"{i}", "usr-ada"));
        using (var ready = await orders.Management.GetAsync("/healthz/ready"))
            Assert.Equal(200, (int)ready.StatusCode);
        await Eventually.True(async () => (await orders.Management.GetStringAsync("/healthz/ready")).Contains("events wait, rabbitmq", StringComparison.Ordinal));

        await broker.InitializeAsync();
        await using var again = await Consumer.StartAsync(broker.Url, consumer.Queue);
        await Eventually.True(async () => await orders.Services.GetRequiredService<Outbox>().CountAsync(default) == 0, TimeSpan.FromSeconds(60));
        var expected = (await orders.ListAsync(new())).Select(o => o.Id).ToHashSet();
        await Eventually.True(() => consumer.Events.Concat(again.Events).Select(e => e.OrderId).ToHashSet().SetEquals(expected));
    }

    [Fact]
    public async Task Events_wait_for_the_first_queue_that_takes_them()
    {
        await using var orders = await StartAsync(_store, null, Broker);
        await orders.PlaceAsync(Tea("k", "usr-ada"));
        await Eventually.True(async () => (await orders.Management.GetStringAsync("/healthz/ready")).Contains("no queue takes events of fleet.orders yet", StringComparison.Ordinal));
        await using var consumer = await Consumer.StartAsync(broker.Url);
        await Eventually.True(() => consumer.Events.Count == 1);
    }

    [Fact]
    public async Task Only_whose_turn_it_is_delivers_and_a_turn_ends_by_itself()
    {
        await using var orders = await StartAsync(_store);
        var outbox = orders.Services.GetRequiredService<Outbox>();
        Assert.True(await outbox.TakeTurnAsync("a", TimeSpan.FromMinutes(1), default));
        Assert.False(await outbox.TakeTurnAsync("b", TimeSpan.FromMinutes(1), default));
        Assert.True(await outbox.TakeTurnAsync("a", TimeSpan.Zero, default));
        Assert.True(await outbox.TakeTurnAsync("b", TimeSpan.FromMinutes(1), default));
    }

    /// <summary>Publishes, and then is gone before anybody could note it.</summary>
    private sealed class CrashesAfterwards(RabbitMqPublisher publisher) : IEventPublisher, IAsyncDisposable
    {
        public async Task PublishAsync(IReadOnlyList<WaitingEvent> events, CancellationToken stop)
        {
            await publisher.PublishAsync(events, stop);
            await Task.Delay(Timeout.Infinite, stop);
        }

        public ValueTask DisposeAsync() => publisher.DisposeAsync();
    }

    /// <summary>A queue of its own that takes all events of orders.</summary>
    private sealed class Consumer(IConnection connection, string queue) : IAsyncDisposable
    {
        public ConcurrentQueue<OrderEvent> Events { get; } = [];

        public string Queue => queue;

        public static async Task<Consumer> StartAsync(string url, string? queue = null)
        {
            var connection = await new ConnectionFactory { Uri = new Uri(url), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
            var channel = await connection.CreateChannelAsync();
            await channel.ExchangeDeclareAsync(RabbitMqPublisher.Exchange, ExchangeType.Topic, durable: true);
            queue ??= $"test-{Guid.NewGuid():N}";
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync(queue, RabbitMqPublisher.Exchange, "order.*");
            var consumer = new Consumer(connection, queue);
            var deliveries = new AsyncEventingBasicConsumer(channel);
            deliveries.ReceivedAsync += async (_, delivery) =>
            {
                var told = JsonSerializer.Deserialize<OrderEvent>(Encoding.UTF8.GetString(delivery.Body.Span), JsonSerializerOptions.Web)!;
                Assert.Equal((told.EventId, told.Type, true), (delivery.BasicProperties.MessageId, delivery.RoutingKey, delivery.BasicProperties.Persistent));
                consumer.Events.Enqueue(told);
                // Acknowledged by hand: what was on its way to a consumer when the broker was killed comes again.
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            };
            await channel.BasicConsumeAsync(queue, autoAck: false, deliveries);
            return consumer;
        }

        public async ValueTask DisposeAsync()
        {
            if (connection.IsOpen)
            {
                // A queue that nobody reads would take the events that the next test wants to be without a queue.
                await using var channel = await connection.CreateChannelAsync();
                await channel.QueueDeleteAsync(queue);
            }

            await connection.DisposeAsync();
        }
    }
}
