using System.Buffers.Binary;
using Google.Protobuf;

namespace Fleet.Benchmarks.Http;

/// <summary>A gRPC body of one message: a byte that says it is not compressed, its length in four, and the message.</summary>
internal static class RpcBody
{
    /// <summary>The bytes before the message.</summary>
    public const int Prefix = 5;

    /// <summary>Of a message.</summary>
    public static byte[] Of(IMessage message) => Of(message.ToByteArray());

    /// <summary>Of a message that is serialized already.</summary>
    public static byte[] Of(ReadOnlySpan<byte> message)
    {
        var body = new byte[Prefix + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), message.Length);
        message.CopyTo(body.AsSpan(Prefix));
        return body;
    }
}
