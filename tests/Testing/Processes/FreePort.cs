using System.Net;
using System.Net.NetworkInformation;

namespace Fleet.Testing;

/// <summary>
/// Ports for servers that cannot choose one for themselves. They are below the range from which the kernel takes the ports of outgoing connections: one from
/// that range may be taken again between this and the server's start, and while a server is down that is to come back at the same place.
/// </summary>
public static class FreePort
{
    private const int First = 12000; // tests/ControlPlane/control-plane takes those from 20000 on
    private const int Count = 8000;

    private static int s_next = Random.Shared.Next(Count);

    /// <summary>A port that nobody listens at, on any address, and that was not returned before.</summary>
    public static int Take()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(e => e.Port).ToHashSet();
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            if (!taken.Contains(port))
                return port;
        }

        throw new InvalidOperationException($"all ports from {First} to {First + Count - 1} are taken");
    }
}
