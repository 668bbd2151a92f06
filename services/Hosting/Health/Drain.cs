using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Hosting;

/// <summary>
/// How a service ends. From the first SIGTERM on it is not ready, yet still answers: whoever routes to it learns of its end with a delay. It goes when
/// <see cref="ServiceEnvironment.DrainDelay"/> is over and no request is in flight any more, or when its time is up. A request that has no end of its own, such as a watch, ends itself on
/// <see cref="IHostApplicationLifetime.ApplicationStopping"/>.
/// </summary>
internal sealed partial class Drain(IHostApplicationLifetime lifetime, ServiceEnvironment environment, TimeProvider time, ILogger<Drain> log) : IHostedLifecycleService
{
    /// <summary>How long the whole end may take: less than what Kubernetes leaves of its 30 s when it slept 5 s before the signal.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(24);

    /// <summary>What of it is for the delay and requests in flight; the rest is for closing connections and stores.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inFlight;
    private int _goes;

    public bool HasBegun => lifetime.ApplicationStopping.IsCancellationRequested;

    public async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            if (HasBegun)
                // The next request of this connection should find another instance.
                context.Response.Headers.Connection = "close";
            await next(context);
        }
        finally
        {
            if (Interlocked.Decrement(ref _inFlight) == 0 && Volatile.Read(ref _goes) != 0)
                _idle.TrySetResult();
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // A signal has announced the end already; one who stops the host by code has not.
        lifetime.StopApplication();
        Log.Begun(log, Volatile.Read(ref _inFlight), environment.DrainDelay.TotalSeconds);
        if (environment.DrainDelay > TimeSpan.Zero)
            await Task.Delay(environment.DrainDelay, time, cancellationToken);
        // Whoever is the last from here on says so: the count is read after this is known.
        Interlocked.Exchange(ref _goes, 1);
        if (Volatile.Read(ref _inFlight) == 0)
            return;
        try
        {
            await _idle.Task.WaitAsync(Patience - environment.DrainDelay, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            Log.Late(log, Volatile.Read(ref _inFlight), Patience.TotalSeconds);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "stopping, {Requests} requests are in flight, new ones are taken for {Seconds} s")]
        internal static partial void Begun(ILogger logger, int requests, double seconds);

        [LoggerMessage(LogLevel.Warning, "{Requests} requests did not end within {Seconds} s and are cut")]
        internal static partial void Late(ILogger logger, int requests, double seconds);
    }
}
