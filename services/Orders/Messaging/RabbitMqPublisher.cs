using System.Net.Sockets;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Orders;

/// <summary>
/// Publishes to the topic exchange <c>fleet.orders</c>, persistent and with publisher confirms. Connects when there is something to publish, and anew after a fault.
/// A message that no queue takes is refused (mandatory), so that events wait for the first consumer instead of being dropped before it came.
/// </summary>
/// <param name="broker">The broker, <c>amqp://user:password@host:port/vhost</c>.</param>
internal sealed class RabbitMqPublisher(Uri broker) : IEventPublisher, IAsyncDisposable
{
    public const string Exchange = "fleet.orders";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private IConnection? _connection;
    private IChannel? _channel;

    public async Task PublishAsync(IReadOnlyList<WaitingEvent> events, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            var channel = _channel is { IsOpen: true } open ? open : await OpenAsync(either.Token);
            await Task.WhenAll(events.Select(e => PublishAsync(channel, e, either.Token)));
        }
        catch (PublishException e)
        {
            throw new PublishFaultException(e.IsReturn ? $"no queue takes events of {Exchange} yet" : "rabbitmq refused an event", e);
        }
        catch (Exception e) when (!stop.IsCancellationRequested && (e is OperationCanceledException || IsConnectionFault(e)))
        {
            await CloseAsync();
            throw new PublishFaultException(e is OperationCanceledException ? $"rabbitmq did not confirm within {Patience.TotalSeconds} s" : $"rabbitmq: {e.GetBaseException().Message}", e);
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private static async Task PublishAsync(IChannel channel, WaitingEvent what, CancellationToken stop) => await channel.BasicPublishAsync(
        Exchange,
        what.Type,
        mandatory: true,
        new BasicProperties { MessageId = what.EventId, Type = what.Type, ContentType = "application/json", Persistent = true },
        Encoding.UTF8.GetBytes(what.Body),
        stop);

    private static bool IsConnectionFault(Exception e) => e is RabbitMQClientException or IOException or SocketException or TimeoutException or ObjectDisposedException;

    private async Task<IChannel> OpenAsync(CancellationToken stop)
    {
        await CloseAsync();
        // Our own loop connects again, with what is in the outbox: a recovery below it would only hide the fault.
        var factory = new ConnectionFactory
        {
            Uri = broker,
            AutomaticRecoveryEnabled = false,
            ClientProvidedName = "orders",
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
        };
        _connection = await factory.CreateConnectionAsync(stop);
        _channel = await _connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), stop);
        await _channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: stop);
        return _channel;
    }

    private async Task CloseAsync()
    {
        var (channel, connection) = (_channel, _connection);
        (_channel, _connection) = (null, null);
        try
        {
            if (channel is not null)
                await channel.DisposeAsync();
            if (connection is not null)
                await connection.DisposeAsync();
        }
        catch (Exception e) when (IsConnectionFault(e))
        {
            // It was broken, that is why it is closed.
        }
    }
}
