using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Hosting;

/// <summary>
/// The frame that every service stands in: two ports, limits, health, metrics, traces, logs, problems, a graceful end. A service's Program.cs is one line:
/// <code>return await ServiceHost.RunAsync(() => UsersApp.Build(args));</code>
/// </summary>
public static partial class ServiceHost
{
    /// <summary>The largest body of a request that does not say otherwise, in bytes; beyond it 413.</summary>
    public const long MaxRequestBody = 1024 * 1024;

    /// <summary>A builder with everything that services share. Nothing is read but the environment and, before it, the arguments (<c>--PORT=8001</c>).</summary>
    /// <exception cref="ConfigurationException">The environment holds what the service cannot start with.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args, ServiceDefaults defaults)
    {
        // The empty builder leaves out what services do not use, files that are watched above all; that is most of the time to start.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = defaults.Name, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddEnvironmentVariables().AddCommandLine(args);
        var environment = new ServiceEnvironment(builder.Configuration, defaults);

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            SetLimits(kestrel);
            if (defaults.Listen is { } listen)
                listen(kestrel, environment);
            else
                kestrel.Open(environment, environment.Port, endpoint => endpoint.Protocols = defaults.Protocols);
            kestrel.Open(environment, environment.ManagementPort, ManagementEndpoints.Mark);
        });

        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(environment);
        services.AddRoutingCore();
        services.AddSingleton<ServiceMetrics>();
        services.AddSingleton<ReadinessReport>();
        services.AddSingleton<ManagementEndpoints>();
        services.AddSingleton<FaultBarrier>();
        services.AddSingleton<Drain>();
        services.AddHostedService(p => p.GetRequiredService<Drain>());
        services.AddSingleton<IStartupFilter, OutermostSteps>();
        services.TryAddSingleton<ITokenKeys, IssuerKeys>();
        services.AddSingleton<TokenVerifier>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Drain.Bound);
        Logs.Configure(builder.Logging, environment);
        Telemetry.Configure(services, environment);
        return builder;
    }

    /// <summary>Opens an endpoint on the addresses that the environment says; for <see cref="ServiceDefaults.Listen"/>.</summary>
    public static void Open(this KestrelServerOptions kestrel, ServiceEnvironment environment, int port, Action<ListenOptions> configure)
    {
        if (environment.ListenAddress is { } address)
            kestrel.Listen(address, port, configure);
        else if (port == 0)
            // "Any address" and "any port" together are refused, since the two families could get different ports.
            kestrel.Listen(IPAddress.Loopback, port, configure);
        else
            kestrel.ListenAnyIP(port, configure);
    }

    /// <summary>Builds the service and runs it until SIGTERM, then drains.</summary>
    /// <returns>The exit code: 0 after an orderly end, 2 when the environment or a port is at fault (one line on stderr says what to do), 1 when it failed at start.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        try
        {
            var app = build();
            await using (app)
            {
                await app.StartAsync();
                Log.Started(app.Logger, string.Join(" and ", Addresses(app)), Environment.TickCount64 - ProcessStart());
                await app.WaitForShutdownAsync();
            }

            return 0;
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{e.Message.TrimEnd('.')}: set PORT, MANAGEMENT_PORT or LISTEN_ADDRESS to what is free");
            return 2;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"the service could not start: {e}");
            return 1;
        }
    }

    /// <summary>Where a started service is reached, public addresses first, the management address last.</summary>
    public static IReadOnlyList<Uri> Addresses(WebApplication app) =>
        [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Distinct().Select(a => new Uri(a))];

    private static void SetLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = MaxRequestBody;
        limits.MaxRequestLineSize = 8 * 1024;            // beyond it 414
        limits.MaxRequestHeadersTotalSize = 32 * 1024;   // beyond it 431
        limits.MaxRequestHeaderCount = 100;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10); // one who sends a header byte by byte is gone after it
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);     // longer than the common idle timeouts of those in front, so that they close first
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    private static long ProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return Environment.TickCount64 - (long)(DateTime.Now - process.StartTime).TotalMilliseconds;
    }

    /// <summary>The steps around everything that a service adds itself, in the order in which a request meets them.</summary>
    private sealed class OutermostSteps(ManagementEndpoints management, Drain drain, FaultBarrier barrier) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, step) => ManagementEndpoints.Owns(context) ? management.AnswerAsync(context) : step(context));
            app.Use(drain.CountAsync);
            app.Use(barrier.InvokeAsync);
            next(app);
        };
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "serving on {Addresses}, {Milliseconds} ms after the start of the process")]
        internal static partial void Started(ILogger logger, string addresses, long milliseconds);
    }
}
