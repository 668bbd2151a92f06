using System.Buffers;

namespace Fleet.Gateway;

/// <summary>Keeps what is written up to a limit; what goes beyond it fails the writer.</summary>
internal sealed class BoundedBuffer(int limit) : Stream
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public bool Overflowed { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => _bytes.WrittenCount;
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_bytes.WrittenCount + buffer.Length > limit)
        {
            Overflowed = true;
            throw new IOException($"more than {limit} bytes");
        }

        _bytes.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
