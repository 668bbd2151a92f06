using Fleet.Hosting;
using Yarp.ReverseProxy.Forwarder;

namespace Fleet.Gateway;

/// <summary>The connections to the backends: given up on soon when they cannot be made, noticed soon when they are dead.</summary>
internal sealed class UpstreamClients : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.ConnectCallback = WatchedConnection.ConnectAsync;
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        handler.MaxResponseHeadersLength = 64; // KiB
        handler.EnableMultipleHttp2Connections = true;
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new GrpcProbeHandler(base.WrapHandler(context, handler));
}
