using Fleet.Hosting;
using Fleet.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Auth;

/// <summary>Auth: who somebody is. It keeps logins, and issues the tokens by which every other service knows its callers.</summary>
public static class AuthApp
{
    /// <summary>Puts the service together.</summary>
    /// <param name="args">Arguments that stand for the environment: <c>--PORT=8001</c>.</param>
    /// <param name="adjust">What a test replaces.</param>
    /// <exception cref="ConfigurationException">The environment holds what the service cannot start with.</exception>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? adjust = null)
    {
        var builder = ServiceHost.CreateBuilder(args, new ServiceDefaults("auth", 8001, HttpProtocols.Http1));
        var services = builder.Services;
        services.AddStore(typeof(AuthApp).Assembly);
        services.AddSingleton<AuthSettings>();
        services.AddSingleton<IAccountStore, AccountStore>();
        services.AddSingleton<ISigningKeyStore, SigningKeyStore>();
        services.AddSingleton(new PasswordHasher());
        services.AddSingleton<LoginTurns>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<AuthService>();
        services.AddHostedService<Housekeeping>();
        services.AddSingleton<IReadinessCheck>(p => p.GetRequiredService<SigningKeys>());
        // Its own tokens it checks with its own keys, not by a request to itself.
        services.Replace(ServiceDescriptor.Singleton<ITokenKeys>(p => p.GetRequiredService<SigningKeys>()));
        adjust?.Invoke(services);

        var app = builder.Build();
        // Read now, so that what is missing is told before anything is started.
        _ = app.Services.GetRequiredService<AuthSettings>();
        AuthEndpoints.Map(app);
        DiscoveryEndpoints.Map(app);
        return app;
    }
}
