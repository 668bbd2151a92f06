using System.Buffers;
using System.IO.Compression;

namespace Fleet.Rpc;

/// <summary>gzip with a bound on what comes out: a kilobyte may decompress to a megabyte, and the sender chooses.</summary>
internal static class Gzip
{
    /// <summary>Decompresses into a buffer of the shared pool, which the caller gives back.</summary>
    /// <param name="bytes">The compressed message; the caller has bounded its length.</param>
    /// <param name="limit">The longest result in bytes; the buffer never grows beyond twice of it.</param>
    /// <param name="length">How much of the buffer is the message.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: longer than the limit. INTERNAL: not gzip.</exception>
    public static byte[] Decompress(in ReadOnlySequence<byte> bytes, int limit, out int length)
    {
        var source = ArrayPool<byte>.Shared.Rent((int)bytes.Length);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, Math.Max(4096, bytes.Length * 4)) + 1);
        length = 0;
        try
        {
            bytes.CopyTo(source);
            using var gzip = new GZipStream(new MemoryStream(source, 0, (int)bytes.Length, writable: false), CompressionMode.Decompress);
            while (gzip.Read(buffer, length, buffer.Length - length) is > 0 and var read)
            {
                length += read;
                if (length > limit)
                    throw TooLarge(limit);
                if (length == buffer.Length)
                    buffer = Grow(buffer);
            }

            return buffer;
        }
        catch (Exception e)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (e is InvalidDataException)
                throw new RpcException(RpcStatusCode.Internal, "the message is marked as gzip and is none");
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(source);
        }
    }

    /// <summary>Compresses.</summary>
    public static MemoryStream Compress(ReadOnlySpan<byte> bytes)
    {
        var into = new MemoryStream(bytes.Length / 2);
        using (var gzip = new GZipStream(into, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return into;
    }

    public static RpcException TooLarge(int limit) => new(RpcStatusCode.ResourceExhausted, $"the message is larger than the limit of {limit} bytes");

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
