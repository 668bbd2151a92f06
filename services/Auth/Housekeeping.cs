using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>Brings the keys up to date every minute, and removes what has expired every hour.</summary>
internal sealed partial class Housekeeping(SigningKeys keys, IAccountStore accounts, TimeProvider time, ILogger<Housekeeping> log) : BackgroundService
{
    /// <summary>Far less than <see cref="KeyRing.Notice"/>: each replica knows a key long before it signs.</summary>
    public static readonly TimeSpan KeysEvery = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PurgeEvery = TimeSpan.FromHours(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the service listens, or its first callers would find no key.
        await TryAsync(keys.UpdateAsync, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var purged = time.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(keys.Any ? KeysEvery : RetryAfter, time, stoppingToken);
            await TryAsync(keys.UpdateAsync, stoppingToken);
            if (time.GetUtcNow() - purged < PurgeEvery)
                continue;
            purged = time.GetUtcNow();
            await TryAsync(async stop => Log.Purged(log, await accounts.PurgeAsync(purged, stop)), stoppingToken);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> task, CancellationToken stop)
    {
        try
        {
            await task(stop);
        }
        catch (DependencyUnavailableException e)
        {
            Log.Unavailable(log, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Rows} expired rows were removed")]
        internal static partial void Purged(ILogger logger, int rows);

        [LoggerMessage(LogLevel.Warning, "keys and sessions could not be looked after: {Reason}")]
        internal static partial void Unavailable(ILogger logger, string reason);
    }
}
