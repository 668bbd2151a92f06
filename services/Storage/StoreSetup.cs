using System.Reflection;
using Fleet.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Storage;

/// <summary>Gives a service its store.</summary>
public static class StoreSetup
{
    /// <summary>
    /// Registers <see cref="Database"/> and the readiness check <c>store</c>. The migrations of the assembly are applied before the service listens. A server
    /// that does not answer is waited for, and the service is not ready meanwhile; a migration that cannot be applied ends the program.
    /// </summary>
    public static IServiceCollection AddStore(this IServiceCollection services, Assembly migrations)
    {
        services.AddSingleton(p => Database.Open(p.GetRequiredService<ServiceEnvironment>()));
        services.AddSingleton(p => new Migrations(
            p.GetRequiredService<ServiceEnvironment>().Service,
            Migration.In(migrations, p.GetRequiredService<Database>().Dialect),
            p.GetRequiredService<TimeProvider>()));
        services.AddHostedService<StoreStart>();
        services.AddSingleton<IReadinessCheck, StoreCheck>();
        return services;
    }
}

/// <summary>Applies the migrations at start, and goes on trying while the server is away.</summary>
internal sealed partial class StoreStart(Database database, Migrations migrations, TimeProvider time, ILogger<StoreStart> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private Task _trying = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await TryAsync(cancellationToken))
            _trying = KeepTryingAsync(_end.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _trying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _end.Dispose();

    private async Task<bool> TryAsync(CancellationToken stop)
    {
        try
        {
            Log.Migrated(log, database.Dialect, await migrations.ApplyAsync(database, stop));
            return true;
        }
        catch (DependencyUnavailableException e)
        {
            Log.Unavailable(log, database.Dialect, e);
            return false;
        }
    }

    private async Task KeepTryingAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop) && !await TryAsync(stop))
            {
            }
        }
        catch (MigrationException e)
        {
            // The service listens already. It stays not ready, and its log says why.
            Log.Stuck(log, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "the store is {Dialect}, {Steps} migrations were applied")]
        internal static partial void Migrated(ILogger logger, Dialect dialect, int steps);

        [LoggerMessage(LogLevel.Warning, "the store, {Dialect}, does not answer; it is tried again")]
        internal static partial void Unavailable(ILogger logger, Dialect dialect, Exception fault);

        [LoggerMessage(LogLevel.Critical, "the store's schema cannot be brought up to date")]
        internal static partial void Stuck(ILogger logger, Exception fault);
    }
}

/// <summary>Ready while the store answers a query that has to look into it.</summary>
internal sealed class StoreCheck(Database database) : IReadinessCheck
{
    public string Name => Database.Name;

    public async ValueTask<Readiness> CheckAsync(CancellationToken stop)
    {
        try
        {
            await database.ReadAsync(session => session.NumberAsync("SELECT count(*) FROM schema_migrations"), stop);
            return Readiness.Ready;
        }
        catch (DependencyUnavailableException e)
        {
            return Readiness.NotReady(e.Message);
        }
    }
}
