using System.Net.Sockets;

namespace Fleet.Hosting;

/// <summary>
/// Connections to other services whose end is noticed. A machine that is gone sends nothing, not even the end of its connections, and the kernel would go on sending to it
/// for a quarter of an hour: whoever takes such a connection from a pool waits in vain.
/// </summary>
public static class WatchedConnection
{
    /// <summary>For so long the other side may leave unacknowledged what was sent to it, an empty probe on an idle connection as well; then the connection is broken.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // TCP_USER_TIMEOUT of tcp(7), in milliseconds: what was sent and is not acknowledged, which keep-alive does not look after.
    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>Connects as <see cref="SocketsHttpHandler"/> does by itself, with these limits. Its <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="SocketException">No connection was made.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            Watch(socket);
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Watch(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)Idle.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)Interval.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, (int)((Patience - Idle) / Interval));
        if (!OperatingSystem.IsLinux())
            return;
        Span<byte> milliseconds = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(milliseconds, (int)Patience.TotalMilliseconds);
        socket.SetRawSocketOption(Tcp, UserTimeout, milliseconds);
    }
}
