using System.Text;
using Fleet.Hosting;
using Fleet.ServiceTests.Hosting;
using Fleet.ServiceTests.Storage;
using Fleet.Testing;
using Fleet.Users;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Xunit;

namespace Fleet.ServiceTests.Users;

/// <summary>What Users makes of the events in a real broker.</summary>
[Trait("Needs", "Backends")]
public sealed class OrderEventsTests(SqliteStore store, RabbitMqServer broker) : IClassFixture<SqliteStore>, IClassFixture<RabbitMqServer>
{
    [Fact]
    public async Task Events_are_counted_once_through_a_restart_of_the_broker_and_what_is_no_event_is_kept_aside()
    {
        await using var service = await TestService.StartAsync(
            UsersApp.Build(TestService.Arguments($"--ConnectionStrings:Default={await store.CreateAsync()}", $"--ConnectionStrings:RabbitMq={broker.Url}")));
        var users = service.App.Services.GetRequiredService<UserService>();
        await users.CreateAsync(Caller.Anyone, "ann", EmailAddress.TryParse("ann@example.com")!, "Ann", default);
        await ReadyAsync(service, "broker: ready\n");

        await PublishAsync("order.placed", Event("1", "order.placed"), Event("2", "order.placed"), Event("1", "order.placed"), "no JSON");
        await PublishAsync("order.cancelled", Event("3", "order.cancelled"), Event("4", "order.lost"));
        await CountsAsync(users, new(2, 1));
        await Eventually.True(async () => await CountAsync(BrokerSettings.Dead) == 2);

        await broker.WaitForQueueOnDiskAsync(BrokerSettings.Dead);
        await broker.KillAsync();
        await ReadyAsync(service, "broker: ready, warning: the broker does not answer; orders are counted when it is back\n");
        await broker.InitializeAsync();
        await PublishAsync("order.placed", Event("2", "order.placed"), Event("5", "order.placed"));
        await CountsAsync(users, new(3, 1));
        await ReadyAsync(service, "broker: ready\n");
    }

    [Fact]
    public async Task Without_a_broker_it_is_ready_and_says_that_orders_are_not_counted()
    {
        await using var service = await TestService.StartAsync(UsersApp.Build(TestService.Arguments($"--ConnectionStrings:Default={await store.CreateAsync()}")));
        await ReadyAsync(service, "broker: ready, warning: none is configured, orders are not counted\n");
    }

    private static string Event(string id, string type) => $$"""{"eventId":"{{id}}","type":"{{type}}","orderId":"o","customerId":"ann","totalMinorUnits":1250,"currency":"EUR"}""";

    private static Task ReadyAsync(TestService service, string line) => Eventually.That(
        () => service.Management.GetStringAsync("/healthz/ready"), answer => answer.Contains(line, StringComparison.Ordinal));

    private static Task CountsAsync(UserService users, OrderCounts wanted) => Eventually.That(
        async () => ((Outcome.Done)await users.GetAsync(Caller.Anyone, "ann", default)).User.Orders, orders => orders == wanted);

    private Task PublishAsync(string type, params string[] bodies) => WithChannelAsync(async channel =>
    {
        foreach (var body in bodies)
            await channel.BasicPublishAsync(BrokerSettings.Exchange, type, mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(body));
        return 0;
    });

    private Task<uint> CountAsync(string queue) => WithChannelAsync(channel => channel.MessageCountAsync(queue));

    private async Task<T> WithChannelAsync<T>(Func<IChannel, Task<T>> work)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker.Url) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        return await work(channel);
    }
}
