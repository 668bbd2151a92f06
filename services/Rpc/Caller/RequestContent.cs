using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;

namespace Fleet.Rpc;

/// <summary>The body of a call with one request.</summary>
internal sealed class SingleRequest<T> : HttpContent
    where T : class
{
    private readonly RpcCodec<T> _codec;
    private readonly T _request;

    public SingleRequest(RpcCodec<T> codec, T request)
    {
        (_codec, _request) = (codec, request);
        Headers.ContentType = new MediaTypeHeaderValue(RpcHeaders.ContentType);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var body = PipeWriter.Create(stream, new(leaveOpen: true));
        new FrameWriter(body, gzip: false).Write(_codec, _request);
        await body.CompleteAsync();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 5 + _codec.Size(_request);
        return true;
    }
}

/// <summary>The body of a call whose requests come one after the other while answers may already arrive.</summary>
internal sealed class RequestStream<T> : HttpContent
    where T : class
{
    private readonly RpcCodec<T> _codec;
    private readonly TaskCompletionSource<PipeWriter> _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestStream(RpcCodec<T> codec)
    {
        _codec = codec;
        Headers.ContentType = new MediaTypeHeaderValue(RpcHeaders.ContentType);
    }

    /// <summary>Sends one request.</summary>
    public async Task WriteAsync(T request, CancellationToken stop)
    {
        var body = await _open.Task.WaitAsync(stop);
        var writer = new FrameWriter(body, gzip: false);
        writer.Write(_codec, request);
        await writer.FlushAsync(stop);
    }

    /// <summary>Says that no request follows.</summary>
    public void Complete() => _done.TrySetResult();

    /// <summary>Wakes writers when the call has ended or never began.</summary>
    public void Fail(Exception why)
    {
        _open.TrySetException(why);
        // Nobody may be writing.
        _ = _open.Task.Exception;
        _done.TrySetResult();
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // The headers leave now: the server may answer before it was asked anything.
        await stream.FlushAsync();
        _open.TrySetResult(PipeWriter.Create(stream, new(leaveOpen: true)));
        await _done.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
