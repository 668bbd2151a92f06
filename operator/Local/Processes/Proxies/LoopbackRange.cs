using System.Net;
using System.Net.Sockets;

namespace Fleet.Local.Processes;

/// <summary>
/// The loopback addresses of one local cluster: 127.R.0.0/16, where the first half is for the API server to give to Services, the second for the node to
/// give to pods and proxies. On a platform that has only 127.0.0.1 everything is there, and told apart by ports.
/// </summary>
public sealed class LoopbackRange : IDisposable
{
    private const int First = 128 << 8;
    private const int Last = (255 << 8) - 2;
    private const int ClaimPort = 17127;

    private readonly Lock _gate = new();
    private readonly HashSet<int> _taken = [];
    private readonly Socket? _claim;
    private int _next = First;

    private LoopbackRange(byte? number, Socket? claim) => (Number, _claim) = (number, claim);

    /// <summary>R; null where there is only 127.0.0.1.</summary>
    public byte? Number { get; }

    /// <summary>Whether 127.0.0.1 is all there is.</summary>
    public bool IsSingle => Number is null;

    /// <summary>The address of the node itself.</summary>
    public IPAddress Node => Number is { } number ? new([127, number, 255, 254]) : IPAddress.Loopback;

    /// <summary>The addresses of a given number.</summary>
    /// <param name="number">R; 0 is the host's own.</param>
    public static LoopbackRange Of(byte number)
    {
        ArgumentOutOfRangeException.ThrowIfZero(number);
        return new(number, null);
    }

    /// <summary>127.0.0.1 alone.</summary>
    public static LoopbackRange Single() => new(null, null);

    /// <summary>Takes a range that no other process on this machine has, until disposed; 127.0.0.1 alone where the platform has no other.</summary>
    public static LoopbackRange Claim()
    {
        // Where one looks first is by chance: two that start at once seldom meet, and the address of an earlier one is seldom taken over.
        var start = Random.Shared.Next(16, 240);
        for (var i = 0; i < 224; i++)
        {
            var number = (byte)(16 + ((start - 16 + i) % 224));
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
            try
            {
                socket.Bind(new IPEndPoint(new IPAddress([127, number, 255, 254]), ClaimPort));
                socket.Listen();
                return new(number, socket);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (e.SocketErrorCode == SocketError.AddressNotAvailable)
                    return Single();
            }
        }

        return Single();
    }

    /// <summary>Takes an address of the second half that nobody has; one given back comes again as late as possible.</summary>
    /// <exception cref="InvalidOperationException">All are taken.</exception>
    public IPAddress Take()
    {
        if (Number is not { } number)
            return IPAddress.Loopback;
        lock (_gate)
        {
            for (var tries = First; tries <= Last; tries++)
            {
                _next = _next >= Last ? First + 1 : _next + 1;
                if (_taken.Add(_next))
                    return new([127, number, (byte)(_next >> 8), (byte)_next]);
            }
        }

        throw new InvalidOperationException($"no address of 127.{number}.128.0/17 is left");
    }

    /// <summary>Gives an address back.</summary>
    public void Return(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        lock (_gate)
            _taken.Remove((bytes[2] << 8) | bytes[3]);
    }

    /// <inheritdoc/>
    public void Dispose() => _claim?.Dispose();
}
