using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Fleet.Gateway;

/// <summary>The public socket: accepts, has each connection looked at, gives HTTP/1.1 to Kestrel's own loop and HTTP/2 to the other lane.</summary>
internal sealed class PublicListener : IConnectionListener
{
    private readonly IConnectionListener _sockets;
    private readonly LaneListener _http1;
    private readonly LaneListener _http2;
    private readonly ProtocolPeek _peek;
    private readonly Task _accepting;

    public PublicListener(IConnectionListener sockets, LaneListener http2, ProtocolPeek peek)
    {
        (_sockets, _http2, _peek) = (sockets, http2, peek);
        _http1 = new LaneListener(sockets.EndPoint);
        _accepting = AcceptLoopAsync();
    }

    public EndPoint EndPoint => _sockets.EndPoint;

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => _http1.AcceptAsync(cancellationToken);

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => _sockets.UnbindAsync(cancellationToken); // the loop ends with it

    public async ValueTask DisposeAsync()
    {
        await _sockets.DisposeAsync();
        await _accepting;
    }

    private async Task AcceptLoopAsync()
    {
        try
        {
            while (await _sockets.AcceptAsync() is { } connection)
                _ = HandOverAsync(connection);
            _http1.End();
            _http2.End();
        }
        catch (Exception e) // Kestrel's own loops rethrow it and stop the server
        {
            _http1.End(e);
            _http2.End(e);
        }
    }

    private async Task HandOverAsync(ConnectionContext connection)
    {
        // A slow client must not keep the next one from being accepted.
        var lane = await _peek.DecideAsync(connection);
        if (lane != Lane.Undecided && (lane == Lane.Http2 ? _http2 : _http1).Offer(connection))
            return;
        connection.Abort(new ConnectionAbortedException("The client did not say which protocol it speaks."));
        await connection.DisposeAsync();
    }
}
