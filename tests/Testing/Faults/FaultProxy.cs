using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Fleet.Testing;

/// <summary>
/// Stands between a client and the API server and passes bytes on, encrypted as they are, until a test has it cut or stall connections. It listens on
/// 127.0.0.1, which the server's certificate names.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Uri _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private readonly Task _accepting;
    private TaskCompletionSource _flow = Flowing();
    private int _accepted;
    private bool _refusing;

    private FaultProxy(Uri server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect to.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>How many connections were made so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How many connections are open.</summary>
    public int Open => _connections.Count;

    /// <summary>Starts one in front of the server that a kubeconfig names.</summary>
    /// <param name="kubeconfig">Its path, as <see cref="ControlPlane"/> makes them.</param>
    /// <returns>The proxy, and the path of a kubeconfig of the same user that leads through it.</returns>
    public static (FaultProxy Proxy, string Kubeconfig) InFrontOf(string kubeconfig)
    {
        var lines = File.ReadAllLines(kubeconfig);
        var index = Array.FindIndex(lines, l => l.TrimStart().StartsWith("server:", StringComparison.Ordinal));
        var key = lines[index].IndexOf("https://", StringComparison.Ordinal);
        var proxy = new FaultProxy(new Uri(lines[index][key..].Trim()));
        lines[index] = $"{lines[index][..key]}https://{proxy.Endpoint}";
        var path = Path.ChangeExtension(kubeconfig, $".{proxy.Endpoint.Port}.kubeconfig");
        File.WriteAllLines(path, lines);
        return (proxy, path);
    }

    /// <summary>Cuts every open connection now, without a goodbye (TCP reset).</summary>
    public void CutAll()
    {
        foreach (var connection in _connections.Keys)
            connection.Cut();
    }

    /// <summary>
    /// Cuts every open connection after so many more bytes from the server. An answer or a watch event of more bytes than that is cut in its middle: half
    /// a TLS record, so half a line.
    /// </summary>
    public void CutAfter(long bytes)
    {
        foreach (var connection in _connections.Keys)
            connection.CutAfter(bytes);
    }

    /// <summary>Passes nothing on in either direction until <see cref="Resume"/>; connections stay open, as with a server that went away without a word.</summary>
    public void Stall() => Interlocked.Exchange(ref _flow, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Passes on again, what was held back first.</summary>
    public void Resume() => Interlocked.Exchange(ref _flow, Flowing()).TrySetResult();

    /// <summary>Whether new connections are closed at once.</summary>
    public bool RefuseNew
    {
        get => Volatile.Read(ref _refusing);
        set => Volatile.Write(ref _refusing, value);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Resume();
        CutAll();
        await _accepting;
        _stop.Dispose();
    }

    private static TaskCompletionSource Flowing()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                passing.Add(PassAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }

        await Task.WhenAll(passing);
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        var connection = new Connection(client, server);
        try
        {
            if (RefuseNew)
                return;
            await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
            _connections.TryAdd(connection, 0);
            await Task.WhenAny(CopyAsync(client, server, count => count), CopyAsync(server, client, connection.Grant));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone: so is the connection.
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            client.Dispose();
        }
    }

    /// <param name="from">Read here.</param>
    /// <param name="to">Written there.</param>
    /// <param name="grant">How many of so many bytes may pass; with fewer the copying ends.</param>
    private async Task CopyAsync(Socket from, Socket to, Func<int, int> grant)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 14);
        try
        {
            while (true)
            {
                var count = await from.ReceiveAsync(buffer.AsMemory(), _stop.Token);
                await Volatile.Read(ref _flow).Task.WaitAsync(_stop.Token);
                var granted = grant(count);
                await SendAsync(to, buffer.AsMemory(0, granted));
                if (count == 0 || granted < count)
                    return;
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut from one of the ends.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await to.SendAsync(bytes, _stop.Token)..];
    }

    private sealed class Connection(Socket client, Socket server)
    {
        private long _allowance = long.MaxValue;

        public void CutAfter(long bytes) => Interlocked.Exchange(ref _allowance, bytes);

        public int Grant(int count)
        {
            var left = Interlocked.Add(ref _allowance, -count);
            return left >= 0 ? count : (int)Math.Max(0, count + left);
        }

        public void Cut()
        {
            try
            {
                // Lingering for 0 s makes the close a reset.
                client.LingerState = server.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Closed already.
            }

            client.Dispose();
            server.Dispose();
        }
    }
}
