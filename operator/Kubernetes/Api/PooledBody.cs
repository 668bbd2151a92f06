using System.Buffers;

namespace Fleet.Kubernetes;

/// <summary>A whole answer in a rented buffer, bounded after decompression.</summary>
internal sealed class PooledBody : IDisposable
{
    private const int FirstSize = 16 << 10;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _length;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <exception cref="InvalidDataException">It is longer than the bound.</exception>
    public static async Task<PooledBody> ReadAsync(Stream stream, int maxLength, CancellationToken stop)
    {
        var body = new PooledBody();
        try
        {
            while (await stream.ReadAsync(body._buffer.AsMemory(body._length), stop) is > 0 and var read)
            {
                body._length += read;
                if (body._length > maxLength)
                    throw new InvalidDataException($"the answer is longer than {maxLength} bytes");
                if (body._length == body._buffer.Length)
                    body.Grow();
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
