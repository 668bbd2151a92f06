using System.Net;
using Fleet.ServiceTests.Storage;
using Fleet.Testing;
using Xunit;

namespace Fleet.ServiceTests.Story;

/// <summary>The same story with PostgreSQL and RabbitMQ.</summary>
[Trait("Needs", "Backends")]
[Collection(nameof(PostgreSqlStore))]
public sealed class BrokerStoryTests(PostgreSqlStore store, RabbitMqServer broker) : IClassFixture<RabbitMqServer>
{
    private const int Orders = 1000;

    [Fact]
    public async Task Every_order_is_counted_once_though_the_broker_is_killed_in_the_middle()
    {
        var databases = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var service in (string[])["auth", "users", "orders"])
            databases[service] = await store.CreateAsync();
        await using var shop = await Shop.StartAsync(environment: service => service == "gateway" ? [] :
        [
            ("ConnectionStrings__Default", databases[service]),
            .. service == "auth" ? Array.Empty<(string, string)>() : [("ConnectionStrings__RabbitMq", broker.Url)],
        ]);
        using var ann = await Customer.JoinAsync(shop.Gateway);
        await Eventually.That(() => shop["users"].ReadyAsync(), ready => ready.Details.Contains("broker: ready\n", StringComparison.Ordinal));
        await broker.WaitForQueueOnDiskAsync("users.order-counts.dead");

        var placed = 0;
        var placing = Parallel.ForEachAsync(Enumerable.Range(0, Orders), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            await ann.PlaceAsync($"order {i}");
            Interlocked.Increment(ref placed);
        });
        await Eventually.True(() => Volatile.Read(ref placed) >= Orders / 3, TimeSpan.FromMinutes(2));
        await broker.KillAsync();
        await Eventually.True(() => Volatile.Read(ref placed) >= Orders * 2 / 3, TimeSpan.FromMinutes(2));
        await broker.InitializeAsync();
        await placing;

        await Eventually.That(ann.OrderCountAsync, count => count == Orders, TimeSpan.FromMinutes(2));
        // Whatever comes twice was counted once, also when the outbox was emptied to its end.
        await Eventually.That(() => shop["orders"].ReadyAsync(), ready => ready.Ready && !ready.Details.Contains("warning", StringComparison.Ordinal));
        Assert.Equal(Orders, await ann.OrderCountAsync());

        var order = await ann.PlaceAsync("last");
        Assert.Equal(HttpStatusCode.OK, (await ann.CallAsync("CancelOrder", $$"""{"orderId":"{{order}}"}""")).StatusCode);
        await Eventually.True(async () => (long)(await Customer.JsonAsync(await ann.SendAsync(HttpMethod.Get, $"users/{ann.Id}")))["cancelledOrderCount"]! == 1);
        Assert.Equal(Orders + 1, await ann.OrderCountAsync());
    }
}
