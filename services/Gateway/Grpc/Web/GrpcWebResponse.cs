using System.Text;

namespace Fleet.Gateway;

/// <summary>What the backend writes, passed on as gRPC-Web as it comes.</summary>
internal sealed class GrpcWebResponse(HttpContext context, bool isText) : Stream
{
    private readonly Stream _caller = context.Response.Body;
    private bool? _isGrpc;

    /// <summary>False when something else than a gRPC server answered; nothing of it is passed on.</summary>
    public bool IsGrpc => _isGrpc ??= context.Response.StatusCode == StatusCodes.Status200OK
        && CallerProtocols.MediaType(context.Response.ContentType).StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase);

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The backend's headers are there; they become those of gRPC-Web once, before anything is written.</summary>
    public void TakeHeaders()
    {
        if (!IsGrpc || context.Response.HasStarted)
            return;
        context.Response.ContentType = isText ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
        context.Response.ContentLength = null;
        context.Response.Headers.Remove("Trailer");
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!IsGrpc)
            return;
        TakeHeaders();
        // Each piece is a base64 text of its own, padding included; clients take them one behind the other.
        await _caller.WriteAsync(isText ? Encoding.ASCII.GetBytes(Convert.ToBase64String(buffer.Span)) : buffer, cancellationToken);
    }

    public async Task EndAsync(byte[] trailers, CancellationToken stop) => await WriteAsync(GrpcFrames.Frame(trailers, GrpcFrames.Trailers), stop);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => context.Response.HasStarted ? _caller.FlushAsync(cancellationToken) : Task.CompletedTask;

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
