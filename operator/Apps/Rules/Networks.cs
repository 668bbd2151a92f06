using System.Net;

namespace Fleet.Apps;

/// <summary>Networks, as strictly as Kubernetes reads them.</summary>
internal static class Networks
{
    /// <summary>Reads one. Other readers take <c>10.0/8</c>, or 010 for eight; servers refuse that, and IPv4 in the clothes of IPv6.</summary>
    internal static bool TryParse(string text, out IPNetwork network) =>
        IPNetwork.TryParse(text, out network) && !network.BaseAddress.IsIPv4MappedToIPv6 &&
        (text.Contains(':', StringComparison.Ordinal) ? !text.Contains("/0", StringComparison.Ordinal) || network.PrefixLength == 0 : text == network.ToString());

    /// <summary>Whether all of a network, and not more, is part of another one.</summary>
    internal static bool IsWithin(IPNetwork part, IPNetwork whole) =>
        part.BaseAddress.AddressFamily == whole.BaseAddress.AddressFamily && part.PrefixLength > whole.PrefixLength && whole.Contains(part.BaseAddress);
}
