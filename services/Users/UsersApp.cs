using Fleet.Hosting;
using Fleet.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fleet.Users;

/// <summary>Users: the profiles of an app's customers, and how many orders each has.</summary>
public static class UsersApp
{
    /// <summary>Puts the service together.</summary>
    /// <param name="args">Arguments that stand for the environment: <c>--PORT=8002</c>.</param>
    /// <param name="adjust">What a test replaces.</param>
    /// <exception cref="ConfigurationException">The environment holds what the service cannot start with.</exception>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? adjust = null)
    {
        var builder = ServiceHost.CreateBuilder(args, new ServiceDefaults("users", 8002, HttpProtocols.Http1));
        var services = builder.Services;
        services.AddStore(typeof(UsersApp).Assembly);
        services.AddSingleton<IUserRepository, UserStore>();
        services.AddSingleton<UserService>();
        services.AddSingleton<BrokerSettings>();
        services.AddSingleton<OrderEvents>();
        services.AddHostedService(p => p.GetRequiredService<OrderEvents>());
        services.AddSingleton<IReadinessCheck>(p => p.GetRequiredService<OrderEvents>());
        adjust?.Invoke(services);

        var app = builder.Build();
        // Read now, so that what is wrong is told before anything is started.
        _ = app.Services.GetRequiredService<BrokerSettings>();
        UserEndpoints.Map(app);
        return app;
    }
}
