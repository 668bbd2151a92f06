using System.Buffers;
using Google.Protobuf;

namespace Fleet.Rpc;

/// <summary>How a message becomes bytes and back.</summary>
public abstract class RpcCodec<T>
    where T : class
{
    /// <summary>Reads one message.</summary>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no such message.</exception>
    public abstract T Read(in ReadOnlySequence<byte> bytes);

    /// <summary>The length that <see cref="Write"/> will have.</summary>
    public abstract int Size(T message);

    /// <summary>Writes one message.</summary>
    public abstract void Write(T message, IBufferWriter<byte> into);
}

/// <summary>The codecs there are.</summary>
public static class RpcCodec
{
    /// <summary>Leaves bytes as they are, for callers that know the types only at run time.</summary>
    public static RpcCodec<byte[]> Raw { get; } = new RawCodec();

    /// <summary>The codec of a generated message.</summary>
    public static RpcCodec<T> Of<T>()
        where T : class, IMessage<T>, new() => MessageCodec<T>.Instance;

    private sealed class RawCodec : RpcCodec<byte[]>
    {
        public override byte[] Read(in ReadOnlySequence<byte> bytes) => bytes.ToArray();

        public override int Size(byte[] message) => message.Length;

        public override void Write(byte[] message, IBufferWriter<byte> into) => into.Write(message);
    }

    private sealed class MessageCodec<T> : RpcCodec<T>
        where T : class, IMessage<T>, new()
    {
        public static readonly MessageCodec<T> Instance = new();
        private static readonly MessageParser<T> Parser = new(() => new T());

        public override T Read(in ReadOnlySequence<byte> bytes) => Parser.ParseFrom(bytes);

        public override int Size(T message) => message.CalculateSize();

        public override void Write(T message, IBufferWriter<byte> into) => message.WriteTo(into);
    }
}
