using System.Net;
using System.Net.Sockets;

namespace Fleet.Rpc;

/// <summary>One address of a server, and the HTTP/2 connection to it, which is made by the first call.</summary>
internal sealed class Peer(IPAddress address, HttpMessageInvoker http) : IDisposable
{
    public IPAddress Address { get; } = address;

    public HttpMessageInvoker Http { get; } = http;

    /// <summary>Until when calls rather go elsewhere, because one could not reach it.</summary>
    public DateTimeOffset AvoidUntil { get; set; }

    // Calls under way keep their connection until they end.
    public void Dispose() => Http.Dispose();
}

/// <summary>
/// The addresses of one host name. Each call takes the next one in turn, so that calls spread over all pods of a headless service; the name is
/// looked up again when what is known has aged, and at once after an address failed.
/// </summary>
internal sealed class Peers(Uri address, RpcChannelOptions options) : IDisposable
{
    private static readonly TimeSpan AvoidFor = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private Peer[] _all = [];
    private Task _lookUp = Task.CompletedTask;
    private long _lookedUpAt;
    private bool _stale = true;
    private string _why = "no address is known";
    private uint _turn;
    private bool _disposed;

    /// <summary>The address whose turn it is.</summary>
    /// <exception cref="HttpRequestException">None is known.</exception>
    public async ValueTask<Peer> NextAsync(CancellationToken stop)
    {
        // What is merely old is renewed beside the call; what failed, or is not known at all, before it.
        await LookUp().WaitAsync(stop);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_all.Length == 0)
                throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{address.Host}: {_why}");
            var now = options.Time.GetUtcNow();
            for (var i = 1; i < _all.Length && Turn().AvoidUntil > now; i++)
                _turn++;
            // When all of them failed a moment ago, one of them is still the best there is.
            var peer = Turn();
            _turn++;
            return peer;
        }
    }

    /// <summary>Tells that an address could not be reached.</summary>
    public void Failed(Peer peer)
    {
        lock (_gate)
        {
            peer.AvoidUntil = options.Time.GetUtcNow() + AvoidFor;
            _stale = true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var peer in _all)
                peer.Dispose();
        }
    }

    private Peer Turn() => _all[(int)(_turn % (uint)_all.Length)];

    private Task LookUp()
    {
        lock (_gate)
        {
            if (_lookUp.IsCompleted && (_stale || options.Time.GetElapsedTime(_lookedUpAt) >= options.ResolveEvery))
                _lookUp = Task.Run(LookUpAsync);
            return _stale ? _lookUp : Task.CompletedTask;
        }
    }

    private async Task LookUpAsync()
    {
        IPAddress[] found = [];
        var why = "the name has no address";
        try
        {
            // Not under the token of a call: others wait for the same answer.
            found = await options.Resolver(address.DnsSafeHost, CancellationToken.None);
        }
        catch (SocketException e)
        {
            why = e.Message;
        }

        lock (_gate)
        {
            _lookedUpAt = options.Time.GetTimestamp();
            _why = why;
            // A name server that is away does not make servers go away: what was known stays.
            _stale = _all.Length == 0 && found.Length == 0;
            if (found.Length > 0 && !_disposed)
                Replace(found);
        }
    }

    private void Replace(IPAddress[] found)
    {
        var known = _all.ToDictionary(p => p.Address);
        _all = [.. found.Distinct().Select(a => known.Remove(a, out var peer) ? peer : Connect(a))];
        foreach (var gone in known.Values)
            gone.Dispose();
    }

    private Peer Connect(IPAddress ip) => new(ip, new HttpMessageInvoker(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = options.ConnectTimeout,
        // A server whose machine is gone sends nothing, not even the end of the connection.
        KeepAlivePingDelay = TimeSpan.FromSeconds(20),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        // A second connection only when the first carries all the streams that the server allows.
        EnableMultipleHttp2Connections = true,
        ConnectCallback = async (context, stop) =>
        {
            var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(ip, context.DnsEndPoint.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    }));
}
