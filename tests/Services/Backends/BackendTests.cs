using Npgsql;
using RabbitMQ.Client;
using Xunit;

namespace Fleet.ServiceTests;

/// <summary>What the other tests take for granted: the servers are real ones, and a kill loses nothing that they have confirmed.</summary>
[Trait("Needs", "Backends")]
public class BackendTests
{
    private const string Queue = "backend-test";

    [Fact]
    public async Task PostgreSQL_keeps_what_it_has_committed_when_it_is_killed()
    {
        await using var server = new Disposing<PostgreSqlServer>(new PostgreSqlServer());
        await server.Value.InitializeAsync();
        var database = await server.Value.CreateDatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE t (x int); INSERT INTO t VALUES (7)");
        await server.Value.KillAsync();
        await server.Value.InitializeAsync();
        Assert.Equal(7, await ExecuteAsync(database, "SELECT x FROM t"));
    }

    [Fact]
    public async Task RabbitMQ_keeps_what_it_has_confirmed_when_it_is_killed()
    {
        await using var server = new Disposing<RabbitMqServer>(new RabbitMqServer());
        await server.Value.InitializeAsync();
        await using (var connection = await new ConnectionFactory { Uri = new Uri(server.Value.Url) }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true)))
        {
            await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false);
            await channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true }, "kept"u8.ToArray());
            await server.Value.WaitForQueueOnDiskAsync(Queue);
            await server.Value.KillAsync();
        }

        await server.Value.InitializeAsync();
        await using (var connection = await new ConnectionFactory { Uri = new Uri(server.Value.Url) }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync())
            Assert.Equal("kept"u8.ToArray(), (await channel.BasicGetAsync(Queue, autoAck: true))?.Body.ToArray());
    }

    private static async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection($"{database};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private sealed record Disposing<T>(T Value) : IAsyncDisposable
        where T : IAsyncLifetime
    {
        public async ValueTask DisposeAsync() => await Value.DisposeAsync();
    }
}
