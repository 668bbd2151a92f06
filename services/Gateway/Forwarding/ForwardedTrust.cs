using System.Net;

namespace Fleet.Gateway;

/// <summary>Which peers are proxies of ours, whose word on the client is taken.</summary>
internal sealed class ForwardedTrust(IReadOnlyList<IPNetwork> networks)
{
    public static ForwardedTrust Nobody { get; } = new([]);

    /// <summary>Networks as CIDR; a bare address is a network of one.</summary>
    public static ForwardedTrust Read(IEnumerable<string> texts, ICollection<string> problems)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in texts)
        {
            if (IPNetwork.TryParse(text, out var network))
                networks.Add(network);
            else if (IPAddress.TryParse(text, out var address))
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else
                problems.Add($"TrustedProxies: {text} is not a network like 10.0.0.0/8");
        }

        return new ForwardedTrust(networks);
    }

    public bool Includes(IPAddress peer)
    {
        var address = Plain(peer);
        foreach (var network in networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }

    /// <summary>An IPv4 client of a dual-stack socket, as IPv4.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
