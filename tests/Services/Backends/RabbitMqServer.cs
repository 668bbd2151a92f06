using Fleet.Testing;
using RabbitMQ.Client;
using Xunit;

namespace Fleet.ServiceTests;

/// <summary>A real RabbitMQ.</summary>
public sealed class RabbitMqServer : IAsyncLifetime
{
    private readonly BackendServer _server = new("rabbitmq", 3, IsUpAsync);

    /// <summary>Another address of this machine to listen on, which is then the one that is told; 127.0.0.1 alone when null.</summary>
    public string? AlsoListen
    {
        get => _server.AlsoListen;
        init => _server.AlsoListen = value;
    }

    /// <summary>Where it is, as <c>ConnectionStrings__RabbitMq</c>.</summary>
    public string Url => UrlOf(_server.Port, AlsoListen);

    /// <summary>
    /// Returns when a queue's declaration outlives a crash: RabbitMQ keeps new ones in memory for up to two seconds. Messages are confirmed when they are kept.
    /// </summary>
    /// <param name="queue">A name that is part of no other.</param>
    public Task WaitForQueueOnDiskAsync(string queue) =>
        Eventually.True(() => _server.HasOnDisk(queue, ".LOG", ".DCL", ".DCD")); // Mnesia's own; a queue's folder is there earlier

    /// <summary>Kills it as a crash would.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it, again after <see cref="KillAsync"/>, and returns when it answers.</summary>
    public Task InitializeAsync() => _server.StartAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _server.DisposeAsync();

    private static string UrlOf(int port, string? host = null) => $"amqp://guest:guest@{host ?? "127.0.0.1"}:{port}";

    private static async Task<bool> IsUpAsync(int port)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(UrlOf(port)) }.CreateConnectionAsync();
        return connection.IsOpen;
    }
}
