using System.Buffers;

namespace Fleet.Gateway;

/// <summary>What the first bytes of a cleartext connection say.</summary>
internal enum Lane
{
    /// <summary>All that came so far may still become the preface.</summary>
    Undecided,
    Http1,
    Http2,
}

/// <summary>The HTTP/2 connection preface: 24 octets with which every client with prior knowledge begins (RFC 9113, section 3.4). No HTTP/1.1 request begins so.</summary>
internal static class Preface
{
    public static ReadOnlySpan<byte> Bytes => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public static Lane Judge(in ReadOnlySequence<byte> seen)
    {
        var length = (int)Math.Min(seen.Length, Bytes.Length);
        Span<byte> start = stackalloc byte[length];
        seen.Slice(0, length).CopyTo(start);
        if (!Bytes.StartsWith(start))
            return Lane.Http1;
        return length == Bytes.Length ? Lane.Http2 : Lane.Undecided;
    }
}
