using Fleet.Hosting;
using Fleet.Rpc;
using Fleet.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fleet.Orders;

/// <summary>Puts the service together.</summary>
public static partial class OrdersApp
{
    private const string Broker = "ConnectionStrings__RabbitMq";

    /// <summary>The service, ready to run.</summary>
    /// <param name="args">Settings that win over the environment, such as <c>--PORT=8003</c>.</param>
    /// <param name="configure">Last changes to the services, for tests.</param>
    /// <exception cref="ConfigurationException">The environment holds what the service cannot start with.</exception>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? configure = null)
    {
        var builder = ServiceHost.CreateBuilder(args, new ServiceDefaults("orders", 8003, HttpProtocols.Http2));
        var environment = new ServiceEnvironment(builder.Configuration, new ServiceDefaults("orders", 8003, HttpProtocols.Http2));
        var services = builder.Services;
        services.AddStore(typeof(OrdersApp).Assembly);
        services.AddSingleton(OrderSettings.Read(environment));
        services.AddSingleton<OrderStore>();
        services.AddSingleton<OrderChanges>();
        services.AddSingleton<OrderService>();
        services.AddSingleton<OrdersRpc>();
        services.AddSingleton<CallerGuard>();
        services.AddSingleton<HealthService>();
        if (environment.Peer("users") is { } users)
            services.AddSingleton<ICustomers>(p => new UsersClient(users, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<UsersClient>>()));
        else
            services.AddSingleton<ICustomers, AnyCustomer>();
        AddOutbox(services, environment);
        configure?.Invoke(services);

        var app = builder.Build();
        if (environment.Peer("users") is null)
            Log.NoUsers(app.Logger);
        Map(app);
        return app;
    }

    private static void AddOutbox(IServiceCollection services, ServiceEnvironment environment)
    {
        services.AddSingleton<Outbox>();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<IReadinessCheck>(p => new OutboxCheck(p.GetRequiredService<Outbox>(), p.GetService<OutboxRelay>()));
        if (environment.Text(Broker) is not { } text)
            return;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var broker) || broker.Scheme is not ("amqp" or "amqps"))
            throw new ConfigurationException(Broker, "is no address of a RabbitMQ", "set it to amqp://user:password@host:5672/vhost");
        services.AddSingleton<IEventPublisher>(_ => new RabbitMqPublisher(broker));
        services.AddSingleton<OutboxRelay>();
        services.AddHostedService(p => p.GetRequiredService<OutboxRelay>());
    }

    private static void Map(WebApplication app)
    {
        var health = app.Services.GetRequiredService<HealthService>();
        var orders = app.Services.GetRequiredService<OrdersRpc>().ToService();
        health.Set(orders.Descriptor.FullName, true);
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            health.Set("", false);
            health.Set(orders.Descriptor.FullName, false);
        });
        RpcServer.Map(app, ReflectionService.AddTo([orders, health.ToService()]), new() { MaxMessageBytes = (int)ServiceHost.MaxRequestBody, Explain = OrdersRpc.Explain });
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "SERVICES__USERS__URL is not set: every customer is taken to exist")]
        internal static partial void NoUsers(ILogger logger);
    }
}
