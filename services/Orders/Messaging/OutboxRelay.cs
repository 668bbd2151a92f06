using Fleet.Hosting;

namespace Fleet.Orders;

/// <summary>
/// Delivers what is in the outbox, at least once: an event is forgotten after the broker has confirmed it, so a crash in between delivers it again under the
/// same id. While the broker is away it tries again with growing pauses; orders are taken all the same.
/// </summary>
public sealed partial class OutboxRelay(Outbox outbox, OutboxSignal signal, IEventPublisher publisher, TimeProvider time, ILogger<OutboxRelay> log) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private readonly string _name = $"{Guid.NewGuid():N}";

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Fault { get; private set; }

    /// <summary>Delivers one batch.</summary>
    /// <returns>Whether there was anything, and it was this replica's turn.</returns>
    public async Task<bool> DeliverAsync(CancellationToken stop)
    {
        // Looked at before the turn is taken: a replica with nothing to do writes nothing.
        if (!await outbox.AnyAsync(stop) || !await outbox.TakeTurnAsync(_name, Turn, stop))
            return false;
        var next = await outbox.NextAsync(Batch, stop);
        if (next.Count == 0)
            return false;
        await publisher.PublishAsync(next, stop);
        await outbox.RemoveAsync(next, stop);
        return true;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Rest;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await DeliverAsync(stoppingToken))
                {
                }

                if (Fault is not null)
                    Log.Again(log);
                (Fault, pause) = (null, Rest);
                await signal.WaitAsync(Rest, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is PublishFaultException or DependencyUnavailableException)
            {
                if (Fault is null)
                    Log.Failed(log, e.Message, e);
                Fault = e.Message;
                await Task.Delay(pause * (0.8 + (0.4 * Random.Shared.NextDouble())), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            // The next replica need not wait until the turn ends by itself.
            await outbox.TakeTurnAsync(_name, TimeSpan.Zero, cancellationToken);
        }
        catch (DependencyUnavailableException)
        {
            // Then it waits.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "events stay in the outbox: {Reason}")]
        internal static partial void Failed(ILogger logger, string reason, Exception fault);

        [LoggerMessage(LogLevel.Information, "events are delivered again")]
        internal static partial void Again(ILogger logger);
    }
}
