using System.Net;
using System.Net.Sockets;

namespace Fleet.Local.Processes;

/// <summary>Binds a port, or the next one that can be had.</summary>
internal static class PortSearch
{
    private const int Unprivileged = 8000; // 80 becomes 8080, 443 becomes 8443
    private const int Tries = 50;

    /// <summary>A socket that listens, and why it is at another port than was wanted; null when it is at that.</summary>
    /// <param name="address">The address.</param>
    /// <param name="port">The port wanted.</param>
    public static (Socket Listener, string? Reason) Listen(IPAddress address, int port)
    {
        if (TryListen(address, port, out var error) is { } wanted)
            return (wanted, null);
        var reason = error == SocketError.AccessDenied ? $"port {port} needs more rights" : $"port {port} is taken";
        var first = port < 1024 ? port + Unprivileged : port + 1;
        for (var next = first; next < first + Tries && next <= IPEndPoint.MaxPort; next++)
        {
            if (TryListen(address, next, out _) is { } found)
                return (found, reason);
        }

        return (TryListen(address, 0, out error) ?? throw new SocketException((int)error), reason);
    }

    private static Socket? TryListen(IPAddress address, int port, out SocketError error)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(512);
            error = SocketError.Success;
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            error = e.SocketErrorCode;
            return null;
        }
    }
}
