using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Primitives;

namespace Fleet.Gateway;

/// <summary>
/// Where a request comes from. What a peer says of it (X-Forwarded-*, Forwarded of RFC 7239) is believed only when the peer is one of our proxies; what
/// anybody else says is replaced.
/// </summary>
/// <param name="Chain">Addresses from the client on, the peer last, as the headers have them.</param>
/// <param name="Client">Whom limits are counted for: the last address that is not a proxy of ours.</param>
internal sealed record ForwardedHeaders(IReadOnlyList<string> Chain, IPAddress Client, string Scheme, string Host, string Forwarded)
{
    public const string For = "X-Forwarded-For";
    public const string Proto = "X-Forwarded-Proto";
    public const string OfHost = "X-Forwarded-Host";

    public static ForwardedHeaders Read(HttpContext context, ForwardedTrust trust)
    {
        var request = context.Request;
        var peer = ForwardedTrust.Plain(context.Connection.RemoteIpAddress ?? IPAddress.None);
        var own = Element(peer.ToString(), request.Host.Value ?? "", request.Scheme);
        if (!trust.Includes(peer))
            return new ForwardedHeaders([peer.ToString()], peer, request.Scheme, request.Host.Value ?? "", own);

        var told = request.Headers[ForwardedName].ToString();
        var before = List(request.Headers[For]);
        if (before.Count == 0)
            before = ForwardedFor(told);
        if (told.Length == 0)
            told = string.Join(", ", before.Select(hop => $"for={Quoted(hop)}"));
        return new ForwardedHeaders(
            [.. before, peer.ToString()],
            ClientOf(before, peer, trust),
            Last(request.Headers[Proto]) ?? request.Scheme,
            Last(request.Headers[OfHost]) ?? request.Host.Value ?? "",
            told.Length == 0 ? own : $"{told}, {own}");
    }

    private const string ForwardedName = "Forwarded";

    /// <summary>From the right: each of our proxies vouches for the one before it.</summary>
    private static IPAddress ClientOf(List<string> before, IPAddress peer, ForwardedTrust trust)
    {
        var client = peer;
        for (var i = before.Count - 1; i >= 0 && trust.Includes(client); i--)
        {
            if (Address(before[i]) is not { } hop)
                break;
            client = hop;
        }

        return client;
    }

    /// <summary>With or without a port.</summary>
    private static IPAddress? Address(string hop) =>
        IPAddress.TryParse(hop, out var address) ? ForwardedTrust.Plain(address)
        : IPEndPoint.TryParse(hop, out var endpoint) ? ForwardedTrust.Plain(endpoint.Address)
        : null;

    private static string Element(string peer, string host, string scheme) =>
        host.Length == 0 ? $"for={Quoted(peer)};proto={scheme}" : $"for={Quoted(peer)};host={Quoted(host)};proto={scheme}";

    /// <summary>RFC 7239, section 6: an IPv6 address is in brackets, and what is not a token is in quotes.</summary>
    private static string Quoted(string value)
    {
        if (IPAddress.TryParse(value, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 && !value.StartsWith('['))
            value = $"[{value}]";
        return value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? value : $"\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    private static List<string> ForwardedFor(string told) =>
        [.. told.Split(',').SelectMany(e => e.Split(';')).Select(p => p.Trim()).Where(p => p.StartsWith("for=", StringComparison.OrdinalIgnoreCase))
            .Select(p => p[4..].Trim('"')).Select(hop => hop.StartsWith('[') && hop.EndsWith(']') ? hop[1..^1] : hop)];

    private static List<string> List(StringValues values) =>
        [.. values.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static string? Last(StringValues values) => List(values) is { Count: > 0 } list ? list[^1] : null;
}
