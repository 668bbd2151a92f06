using Fleet.Hosting;

namespace Fleet.Users;

/// <summary>Where the orders service tells what happened. Apps that share a broker have a virtual host each.</summary>
/// <param name="environment">The environment; <c>ConnectionStrings__RabbitMq</c> is read.</param>
internal sealed class BrokerSettings(ServiceEnvironment environment)
{
    private const string Variable = "ConnectionStrings__RabbitMq";

    /// <summary>The exchange that the events come through: a topic, by their type.</summary>
    public const string Exchange = "fleet.orders";

    /// <summary>The queue that every replica takes its share of.</summary>
    public const string Queue = "users.order-counts";

    /// <summary>Where an event goes that cannot be understood, so that a person can look at it.</summary>
    public const string Dead = "users.order-counts.dead";

    /// <summary>The broker; null when there is none.</summary>
    public Uri? Address { get; } = environment.Text(Variable) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" ? uri
        : throw new ConfigurationException(Variable, "is no AMQP URL", "set it to one such as amqp://user:password@rabbitmq.demo.svc:5672/shop, or leave it out to count no orders");
}
