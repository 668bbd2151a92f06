using System.Buffers;
using System.Buffers.Text;

namespace Fleet.Gateway;

/// <summary>Decodes base64 as it arrives: one text, or several one behind the other with padding in between.</summary>
internal sealed class Base64Reader(Stream text) : Stream
{
    private readonly byte[] _chunk = new byte[4096];
    private int _left; // undecoded, at the start of the chunk

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="BadHttpRequestException">It is not base64.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var decoded = new ArrayBufferWriter<byte>();
        while (decoded.WrittenCount == 0 && buffer.Length >= 3)
        {
            // As much as surely fits: four characters become at most three bytes.
            var most = Math.Min(_chunk.Length, buffer.Length / 3 * 4);
            var read = await text.ReadAsync(_chunk.AsMemory(_left, Math.Max(most - _left, 1)), cancellationToken);
            if (read == 0)
                return _left == 0 ? 0 : throw Bad();
            var available = _left + read;
            var whole = Math.Min(available, most) / 4 * 4;
            for (var i = 0; i < whole; i += 4) // by four, since padding may come anywhere
            {
                if (Base64.DecodeFromUtf8(_chunk.AsSpan(i, 4), decoded.GetSpan(3), out _, out var written) != OperationStatus.Done)
                    throw Bad();
                decoded.Advance(written);
            }

            _left = available - whole;
            _chunk.AsSpan(whole, _left).CopyTo(_chunk);
        }

        decoded.WrittenSpan.CopyTo(buffer.Span);
        return decoded.WrittenCount;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush()
    {
    }

    private static BadHttpRequestException Bad() => new("the body is not base64", StatusCodes.Status400BadRequest);
}
