using Microsoft.AspNetCore.Http.Features;

namespace Fleet.Gateway;

/// <summary>Knows whether anything of a request's body was read: then it cannot be sent again.</summary>
internal sealed class BodyUse : Stream
{
    private readonly Stream _body;

    private BodyUse(Stream body, bool mayExist) => (_body, MayExist) = (body, mayExist);

    public bool MayExist { get; }

    public bool WasRead { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static BodyUse Watch(HttpContext context)
    {
        var mayExist = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        var use = new BodyUse(context.Request.Body, mayExist);
        if (mayExist)
            context.Request.Body = use;
        return use;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        WasRead = true;
        return _body.ReadAsync(buffer, cancellationToken);
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
}
