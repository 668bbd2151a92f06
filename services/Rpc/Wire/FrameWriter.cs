using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Fleet.Rpc;

/// <summary>Puts messages into a body ("Length-Prefixed-Message"). Nothing leaves before a flush, so that many small messages share one packet.</summary>
/// <param name="body">The body.</param>
/// <param name="gzip">Whether grpc-encoding announced gzip; small messages go as they are all the same.</param>
internal sealed class FrameWriter(PipeWriter body, bool gzip)
{
    private const int WorthCompressing = 1024;

    /// <summary>Bytes written since the last flush.</summary>
    public int Pending { get; private set; }

    public void Write<T>(RpcCodec<T> codec, T message)
        where T : class
    {
        var size = codec.Size(message);
        if (gzip && size >= WorthCompressing)
        {
            var plain = new ArrayBufferWriter<byte>(size);
            codec.Write(message, plain);
            using var compressed = Gzip.Compress(plain.WrittenSpan);
            WritePrefix(1, (int)compressed.Length);
            body.Write(compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
            return;
        }

        WritePrefix(0, size);
        codec.Write(message, body);
    }

    public ValueTask<FlushResult> FlushAsync(CancellationToken stop)
    {
        Pending = 0;
        return body.FlushAsync(stop);
    }

    private void WritePrefix(byte flag, int length)
    {
        var prefix = body.GetSpan(5);
        prefix[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(prefix[1..], (uint)length);
        body.Advance(5);
        Pending += 5 + length;
    }
}
