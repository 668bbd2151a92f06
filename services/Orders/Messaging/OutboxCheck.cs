using Fleet.Hosting;

namespace Fleet.Orders;

/// <summary>Tells when events wait. Orders are taken without a broker, so the service stays ready.</summary>
internal sealed class OutboxCheck(Outbox outbox, OutboxRelay? relay) : IReadinessCheck
{
    public string Name => "outbox";

    public async ValueTask<Readiness> CheckAsync(CancellationToken stop)
    {
        if (relay is { Fault: null })
            return Readiness.Ready;
        var why = relay?.Fault ?? "no broker is given: set ConnectionStrings__RabbitMq to amqp://...";
        try
        {
            return Readiness.Warning($"{await outbox.CountAsync(stop)} events wait, {why}");
        }
        catch (DependencyUnavailableException)
        {
            // The store's own check says what is wrong with it.
            return Readiness.Warning($"events wait, {why}");
        }
    }
}
