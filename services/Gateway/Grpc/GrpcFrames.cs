using System.Buffers.Binary;

namespace Fleet.Gateway;

/// <summary>The five bytes before each message: flags, and the length in network order ("gRPC over HTTP2", Length-Prefixed-Message).</summary>
internal static class GrpcFrames
{
    public const int HeaderLength = 5;

    /// <summary>The flag of gRPC-Web for the frame that holds the trailers.</summary>
    public const byte Trailers = 0x80;

    public static byte[] Frame(ReadOnlySpan<byte> message, byte flags = 0)
    {
        var frame = new byte[HeaderLength + message.Length];
        frame[0] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }

    /// <summary>The one message of a unary answer; null when there is not exactly one, or it is compressed although nobody asked for it.</summary>
    public static ReadOnlyMemory<byte>? Single(ReadOnlyMemory<byte> body) =>
        body.Length >= HeaderLength && body.Span[0] == 0 && BinaryPrimitives.ReadUInt32BigEndian(body.Span[1..]) == body.Length - HeaderLength
            ? body[HeaderLength..]
            : null;
}
