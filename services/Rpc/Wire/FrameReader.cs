using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Fleet.Rpc;

/// <summary>
/// Takes messages from a body (gRPC over HTTP/2, "Length-Prefixed-Message": one byte compressed or not, four bytes length, the message).
/// Holds at most one message: what comes behind it waits at the sender, by HTTP/2's flow control.
/// </summary>
/// <param name="body">The body.</param>
/// <param name="gzip">Whether the sender announced gzip; a frame may then be compressed.</param>
/// <param name="limit">The longest message in bytes, compressed as well as decompressed.</param>
internal sealed class FrameReader(PipeReader body, bool gzip, int limit)
{
    private const int Prefix = 5;

    /// <summary>The next message, or null at the end of the body.</summary>
    /// <exception cref="RpcException">INTERNAL: a broken frame or message. RESOURCE_EXHAUSTED: longer than the limit.</exception>
    public async ValueTask<T?> ReadAsync<T>(RpcCodec<T> codec, CancellationToken stop)
        where T : class
    {
        while (true)
        {
            var result = await body.ReadAsync(stop);
            var buffer = result.Buffer;
            var (consumed, examined) = (buffer.Start, buffer.End);
            try
            {
                if (buffer.Length >= Prefix)
                {
                    var (compressed, length) = ReadPrefix(buffer);
                    if (buffer.Length >= Prefix + length)
                    {
                        var message = buffer.Slice(Prefix, length);
                        consumed = examined = message.End;
                        return Parse(codec, message, compressed);
                    }
                }

                if (result.IsCompleted)
                    return buffer.IsEmpty ? null : throw Broken("the body ends inside a message");
            }
            finally
            {
                body.AdvanceTo(consumed, examined);
            }
        }
    }

    /// <summary>All messages up to the end of the body.</summary>
    public async IAsyncEnumerable<T> ReadAllAsync<T>(RpcCodec<T> codec, [EnumeratorCancellation] CancellationToken stop)
        where T : class
    {
        while (await ReadAsync(codec, stop) is { } message)
            yield return message;
    }

    private static RpcException Broken(string why) => new(RpcStatusCode.Internal, why);

    private (bool Compressed, int Length) ReadPrefix(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> prefix = stackalloc byte[Prefix];
        buffer.Slice(0, Prefix).CopyTo(prefix);
        if (prefix[0] > 1)
            throw Broken($"a message starts with {prefix[0]} where only 0 and 1 mean something");
        if (prefix[0] == 1 && !gzip)
            throw Broken("a message is compressed, but no grpc-encoding says how");
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return length > limit ? throw Gzip.TooLarge(limit) : (prefix[0] == 1, (int)length);
    }

    private T Parse<T>(RpcCodec<T> codec, in ReadOnlySequence<byte> message, bool compressed)
        where T : class
    {
        byte[]? rented = null;
        try
        {
            if (!compressed)
                return codec.Read(message);
            rented = Gzip.Decompress(message, limit, out var length);
            return codec.Read(new ReadOnlySequence<byte>(rented, 0, length));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(new RpcStatus(RpcStatusCode.Internal, "the message is not what this method takes: " + e.Message), inner: e);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
