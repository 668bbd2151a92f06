using System.Diagnostics.Metrics;
using Fleet.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Users;

/// <summary>
/// Takes what happened to orders from the broker and counts it. An event is acknowledged when its count is committed, so a crash between the two has it told
/// again, and the store knows that it was counted. The broker may be away: the service serves all the same, and says so in its readiness.
/// </summary>
internal sealed partial class OrderEvents : BackgroundService, IReadinessCheck
{
    private const ushort Prefetch = 100;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly BrokerSettings _settings;
    private readonly UserService _users;
    private readonly TimeProvider _time;
    private readonly ILogger<OrderEvents> _log;
    private readonly Counter<long> _counted;
    private volatile string? _away = "not connected yet";

    public OrderEvents(BrokerSettings settings, UserService users, ServiceMetrics metrics, TimeProvider time, ILogger<OrderEvents> log)
    {
        (_settings, _users, _time, _log) = (settings, users, time, log);
        _counted = metrics.Meter.CreateCounter<long>("fleet.order_events", description: "Order events taken from the broker, by what became of them.");
    }

    /// <inheritdoc/>
    public string Name => "broker";

    /// <inheritdoc/>
    public ValueTask<Readiness> CheckAsync(CancellationToken stop) => ValueTask.FromResult(
        _settings.Address is null ? Readiness.Warning("none is configured, orders are not counted")
        : _away is { } why ? Readiness.Warning($"{why}; orders are counted when it is back")
        : Readiness.Ready);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_settings.Address is not { } address)
            return;
        var factory = new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false, ClientProvidedName = "users", RequestedHeartbeat = TimeSpan.FromSeconds(10) };
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(factory, () => pause = ShortestPause, stoppingToken);
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException or IOException or DependencyUnavailableException)
            {
                _away = e is DependencyUnavailableException ? "waits for the store" : "the broker does not answer";
                Log.Away(_log, pause, e);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task ConsumeAsync(ConnectionFactory factory, Action connected, CancellationToken stop)
    {
        await using var connection = await factory.CreateConnectionAsync(stop);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
        await DeclareAsync(channel, stop);
        await channel.BasicQosAsync(0, Prefetch, global: false, stop);

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var cancelled = stop.Register(() => ended.TrySetCanceled(stop));
        channel.ChannelShutdownAsync += (_, e) => End(new OperationInterruptedException(e));
        var consumer = new AsyncEventingBasicConsumer(channel);
        // Somebody deleted the queue; it is declared again.
        consumer.UnregisteredAsync += (_, _) => End(new IOException("the queue is gone"));
        consumer.ReceivedAsync += async (_, message) =>
        {
            try
            {
                await TakeAsync(channel, message, stop);
            }
            catch (Exception e)
            {
                // Without the acknowledgement the broker tells it, and all behind it, again.
                ended.TrySetException(e);
            }
        };
        await channel.BasicConsumeAsync(BrokerSettings.Queue, autoAck: false, consumer, stop);
        _away = null;
        connected();
        Log.Listening(_log, factory.Endpoint.HostName);
        await ended.Task;

        Task End(Exception why)
        {
            ended.TrySetException(why);
            return Task.CompletedTask;
        }
    }

    private async Task TakeAsync(IChannel channel, BasicDeliverEventArgs message, CancellationToken stop)
    {
        if (OrderMessage.Read(message.Body.Span) is not { } happened)
        {
            Log.NotUnderstood(_log, message.RoutingKey, message.Body.Length);
            _counted.Add(1, new KeyValuePair<string, object?>("outcome", "not_understood"));
            await channel.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: false, stop);
            return;
        }

        var isNew = await _users.CountAsync(happened, stop);
        _counted.Add(1, new KeyValuePair<string, object?>("outcome", isNew ? "counted" : "repeated"));
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, stop);
    }

    // Both sides declare the exchange, so it does not matter who is first.
    private static async Task DeclareAsync(IChannel channel, CancellationToken stop)
    {
        await channel.ExchangeDeclareAsync(BrokerSettings.Exchange, ExchangeType.Topic, durable: true, cancellationToken: stop);
        await channel.QueueDeclareAsync(BrokerSettings.Dead, durable: true, exclusive: false, autoDelete: false, cancellationToken: stop);
        var arguments = new Dictionary<string, object?> { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = BrokerSettings.Dead };
        await channel.QueueDeclareAsync(BrokerSettings.Queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: stop);
        foreach (var type in (string[])["order.placed", "order.cancelled"])
            await channel.QueueBindAsync(BrokerSettings.Queue, BrokerSettings.Exchange, type, cancellationToken: stop);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "order events are taken from {Host}")]
        internal static partial void Listening(ILogger logger, string host);

        [LoggerMessage(LogLevel.Warning, "no order events are taken, the next try is in {Pause}")]
        internal static partial void Away(ILogger logger, TimeSpan pause, Exception fault);

        [LoggerMessage(LogLevel.Error, "an event {RoutingKey} of {Bytes} bytes cannot be understood; it is kept in the queue of dead letters")]
        internal static partial void NotUnderstood(ILogger logger, string routingKey, int bytes);
    }
}
