using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Fleet.Gateway;

/// <summary>
/// Serves HTTP/1.1 and HTTP/2 with prior knowledge on one cleartext port. Kestrel takes one protocol per cleartext endpoint, for there is no ALPN to tell
/// them apart; so there are two endpoints, one socket, and a look at the first bytes decides which of the two gets the connection.
/// </summary>
internal sealed class PeekingListenerFactory(
    IOptions<SocketTransportOptions> options, ILoggerFactory logs, TimeProvider time, GatewayMeter meter) : IConnectionListenerFactory, IConnectionListenerFactorySelector, IAsyncDisposable
{
    private readonly SocketTransportFactory _sockets = new(options, logs);
    private readonly LaneListener _http2 = new(new Http2LaneEndPoint());

    public ValueTask DisposeAsync() => _http2.DisposeAsync();

    public bool CanBind(EndPoint endpoint) => endpoint is PublicEndPoint or Http2LaneEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is Http2LaneEndPoint)
            return _http2;
        var sockets = await _sockets.BindAsync(endpoint, cancellationToken);
        _http2.EndPoint = sockets.EndPoint;
        return new PublicListener(sockets, _http2, new ProtocolPeek(time, meter));
    }
}
