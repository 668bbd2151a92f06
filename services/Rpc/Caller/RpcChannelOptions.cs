using System.Net;

namespace Fleet.Rpc;

/// <summary>The addresses behind a host name.</summary>
/// <param name="host">A name or an address.</param>
/// <param name="stop">Ends the wait.</param>
public delegate Task<IPAddress[]> RpcResolver(string host, CancellationToken stop);

/// <summary>How a channel behaves.</summary>
public sealed record RpcChannelOptions
{
    /// <summary>Finds the addresses; DNS by default.</summary>
    public RpcResolver Resolver { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>The clock of deadlines, retries and renewals.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The longest response message in bytes, compressed as well as decompressed.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How old the known addresses may be when a call begins; older ones are looked up again, beside the call.</summary>
    public TimeSpan ResolveEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection may take to be made.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often one call is sent at most, the first time included.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>The wait before the second attempt; it doubles each time, up to a second, and is spread by a fifth.</summary>
    public TimeSpan BackOff { get; init; } = TimeSpan.FromMilliseconds(50);
}
