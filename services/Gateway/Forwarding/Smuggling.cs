using System.Buffers;

namespace Fleet.Gateway;

/// <summary>
/// Requests that two servers in a row could read differently. Kestrel has its own view of them and would go on; one that came here by way of another proxy
/// may have been cut differently there, and what is left out on the way to the backend is still a sign of ill will.
/// </summary>
internal static class Smuggling
{
    /// <summary>Where Kestrel keeps a Content-Length that it ignores because of Transfer-Encoding.</summary>
    private const string Ignored = "X-Content-Length";

    /// <summary>RFC 9113, section 8.2.2: what belongs to a connection has no place in HTTP/2.</summary>
    private static readonly string[] OfConnections = ["Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"];

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>What is wrong, or null.</summary>
    public static string? Suspect(HttpRequest request) => HttpProtocol.IsHttp2(request.Protocol) ? SuspectOf2(request.Headers) : SuspectOf1(request.Headers);

    /// <summary>RFC 9112, section 6.3.</summary>
    private static string? SuspectOf1(IHeaderDictionary headers)
    {
        var codings = headers.TransferEncoding;
        if (codings.Count == 0)
            return null;
        if (headers.ContentLength is not null || headers.ContainsKey(Ignored))
            return "Content-Length and Transfer-Encoding exclude each other";
        if (codings.Count > 1 || !string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase))
            return "chunked is the only transfer coding that is taken";
        return null;
    }

    private static string? SuspectOf2(IHeaderDictionary headers)
    {
        foreach (var name in OfConnections)
        {
            if (headers.ContainsKey(name))
                return $"{name} has no place in HTTP/2";
        }

        foreach (var (name, _) in headers)
        {
            if (!name.StartsWith(':') && name.AsSpan().ContainsAnyExcept(TokenCharacters))
                return "a header's name is not a token";
        }

        return null;
    }
}
