namespace Fleet.Orders;

/// <summary>Brings events to the broker.</summary>
public interface IEventPublisher
{
    /// <summary>Returns when the broker has every one of them and will not lose them.</summary>
    /// <exception cref="PublishFaultException">It does not have them, or nobody knows.</exception>
    Task PublishAsync(IReadOnlyList<WaitingEvent> events, CancellationToken stop);
}

/// <summary>Events could not be brought to the broker; they stay in the outbox.</summary>
public sealed class PublishFaultException(string message, Exception? cause = null) : Exception(message, cause);
