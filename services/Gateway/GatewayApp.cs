using System.Net;
using System.Net.Sockets;
using Fleet.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Fleet.Gateway;

/// <summary>The gateway, put together.</summary>
public static class GatewayApp
{
    private static readonly ServiceDefaults Defaults = new("gateway", 8080, HttpProtocols.Http1) { Listen = Listen };

    /// <exception cref="ConfigurationException">The environment holds what the gateway cannot start with.</exception>
    public static WebApplication Build(string[] args) => Build(args, _ => { });

    /// <param name="args">Settings, before those of the environment.</param>
    /// <param name="adjust">What a test puts in another's place.</param>
    internal static WebApplication Build(string[] args, Action<IServiceCollection> adjust)
    {
        var builder = ServiceHost.CreateBuilder(args, Defaults);
        AddRoutes(builder.Services, builder.Configuration);
        AddProxy(builder.Services);
        AddTls(builder.Services, builder.Configuration);
        builder.Logging.AddFilter("Yarp", LogLevel.Warning);
        adjust(builder.Services);
        var app = builder.Build();
        GatewayPipeline.Map(app);
        return app;
    }

    private static void AddRoutes(IServiceCollection services, ConfigurationManager configuration)
    {
        services.AddSingleton<GatewayMeter>();
        services.AddSingleton<CurrentRoutes>();
        services.AddSingleton<IProxyConfigProvider>(p => p.GetRequiredService<CurrentRoutes>());
        services.AddSingleton<RoutesStore>();
        services.AddSingleton<IConfigChangeListener>(p => p.GetRequiredService<RoutesStore>());
        services.AddSingleton<IReadinessCheck>(p => p.GetRequiredService<RoutesStore>());
        var file = configuration["ROUTES_FILE"];
        var cluster = ClusterAccess.Find(configuration);
        if (string.IsNullOrWhiteSpace(file) && cluster is null)
            throw new ConfigurationException("ROUTES_FILE", "is not set, and there is no ConfigMap to watch", "set it to the path of routes.json");
        if (!string.IsNullOrWhiteSpace(file))
            services.AddHostedService(p => ActivatorUtilities.CreateInstance<RoutesFile>(p, file));
        if (cluster is not null)
            services.AddHostedService(p => ActivatorUtilities.CreateInstance<RoutesWatch>(p, cluster));
    }

    private static void AddTls(IServiceCollection services, ConfigurationManager configuration)
    {
        if (TlsSettings.Read(new ServiceEnvironment(configuration, Defaults)) is not { } settings)
            return;
        services.AddSingleton(settings);
        services.AddSingleton<TlsCertificates>();
        services.AddSingleton<IReadinessCheck>(p => p.GetRequiredService<TlsCertificates>());
        services.AddHostedService<TlsFiles>();
        if (settings.Redirect)
            services.AddSingleton<RedirectStep>();
    }

    private static void AddProxy(IServiceCollection services)
    {
        services.AddSingleton<IConnectionListenerFactory, PeekingListenerFactory>();
        services.AddSingleton<AddressLookup>((host, stop) => Dns.GetHostAddressesAsync(host, stop));
        services.AddSingleton<HeadlessResolver>();
        services.AddHostedService(p => p.GetRequiredService<HeadlessResolver>());
        services.AddSingleton<IPassiveHealthCheckPolicy, ConnectFailurePolicy>();
        services.AddSingleton<IActiveHealthCheckPolicy, GrpcHealthPolicy>();
        services.AddSingleton<BackendTypes>();
        services.AddCors();
        services.AddSingleton<ICorsPolicyProvider, CorsOrigins>();
        services.AddReverseProxy().AddTransforms<HeaderHygiene>();
        services.AddSingleton<IForwarderHttpClientFactory, UpstreamClients>();
        services.AddSingleton<IProbingRequestFactory, GrpcProbe>();
        services.AddSingleton<IDestinationResolver>(p => p.GetRequiredService<HeadlessResolver>());
    }

    /// <summary>One public address for HTTP/1.1 and HTTP/2 in clear text, one with TLS when there is a certificate's place, and what HTTP/2 may take of the server at most.</summary>
    private static void Listen(KestrelServerOptions kestrel, ServiceEnvironment environment)
    {
        var http2 = kestrel.Limits.Http2;
        http2.MaxStreamsPerConnection = 100;
        http2.MaxRequestHeaderFieldSize = 8 * 1024;
        http2.InitialConnectionWindowSize = 1024 * 1024;
        http2.InitialStreamWindowSize = 512 * 1024;

        var any = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        var address = environment.ListenAddress ?? (environment.Port == 0 ? IPAddress.Loopback : any);
        kestrel.Listen(new PublicEndPoint(address, environment.Port), endpoint => endpoint.Protocols = HttpProtocols.Http1);
        kestrel.Listen(new Http2LaneEndPoint(), endpoint => endpoint.Protocols = HttpProtocols.Http2);
        var services = kestrel.ApplicationServices;
        if (services.GetService<TlsSettings>() is { } tls)
            kestrel.Open(environment, tls.Port, endpoint => TlsEndPoint.Configure(endpoint, services.GetRequiredService<TlsCertificates>(), services.GetRequiredService<GatewayMeter>()));
    }
}
