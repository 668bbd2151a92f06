using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Fleet.Local.Processes;

/// <summary>
/// Takes connections at one place and hands each on to one of several, in turn. Bytes are copied as they come, each side at the pace of the other; an end
/// is passed on as an end, a reset as a reset. Whoever is connected stays so when the places change.
/// </summary>
internal sealed class TcpProxy : IDisposable
{
    private const int Chunk = 64 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly Socket _listener;
    private readonly Func<IReadOnlyList<IPEndPoint>> _targets;
    private int _turn = -1;

    /// <summary>Proxies what comes to a socket that listens already.</summary>
    /// <param name="listener">The socket, from now on the proxy's.</param>
    /// <param name="targets">Where a connection of this moment may go.</param>
    public TcpProxy(Socket listener, Func<IReadOnlyList<IPEndPoint>> targets)
    {
        (_listener, _targets) = (listener, targets);
        Place = (IPEndPoint)listener.LocalEndPoint!;
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Place { get; }

    /// <summary>Takes no more connections; those that are there go on.</summary>
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptAsync();
                _ = Task.Run(() => ServeAsync(client), CancellationToken.None);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (e.SocketErrorCode == SocketError.OperationAborted)
                    return;
                // Too many open files, for instance: the next one may do better.
                await Task.Delay(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            if (await ConnectAsync() is not { } server)
            {
                Reset(client);
                return;
            }

            using (server)
            {
                client.NoDelay = server.NoDelay = true;
                if (!await CopyBothAsync(client, server))
                {
                    Reset(client);
                    Reset(server);
                }
            }
        }
    }

    private async Task<Socket?> ConnectAsync()
    {
        var targets = _targets();
        var turn = (uint)Interlocked.Increment(ref _turn);
        for (var i = 0; i < targets.Count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                using var limit = new CancellationTokenSource(ConnectTimeout);
                await socket.ConnectAsync(targets[(int)((turn + (uint)i) % (uint)targets.Count)], limit.Token);
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose(); // the next one
            }
        }

        return null;
    }

    private static async Task<bool> CopyBothAsync(Socket client, Socket server)
    {
        Task<bool> up = CopyAsync(client, server), down = CopyAsync(server, client);
        // After a failure of one direction there is nothing to wait for in the other.
        var first = await Task.WhenAny(up, down);
        if (!await first)
            return false;
        return await up && await down;
    }

    private static async Task<bool> CopyAsync(Socket from, Socket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            while (await from.ReceiveAsync(buffer.AsMemory(0, Chunk)) is > 0 and var length)
            {
                for (var sent = 0; sent < length;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent));
            }

            to.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return; // it is gone already
        }

        socket.Dispose();
    }
}
