using Google.Protobuf;

namespace Fleet.Rpc;

/// <summary>The messages of one call on the server, typed.</summary>
internal sealed class RpcExchange<TRequest, TResponse>(RpcCall call, FrameReader reader, bool gzip)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    private const int FlushAt = 64 * 1024;
    private static readonly RpcCodec<TRequest> Requests = RpcCodec.Of<TRequest>();
    private static readonly RpcCodec<TResponse> Responses = RpcCodec.Of<TResponse>();
    private readonly FrameWriter _writer = new(call.Http.Response.BodyWriter, gzip);

    public RpcCall Call { get; } = call;

    public IAsyncEnumerable<TRequest> All() => reader.ReadAllAsync(Requests, Call.Stop);

    /// <summary>The request of a method that takes exactly one; another number is UNIMPLEMENTED ("Status codes", request cardinality).</summary>
    public async Task<TRequest> SingleAsync()
    {
        var request = await reader.ReadAsync(Requests, Call.Stop) ?? throw Cardinality("none");
        return await reader.ReadAsync(RpcCodec.Raw, Call.Stop) is null ? request : throw Cardinality("more");
    }

    public async Task SendAsync(TResponse response)
    {
        await Call.StartAsync();
        // No flush: the trailers follow at once and take the message with them.
        _writer.Write(Responses, response);
    }

    public async Task SendAllAsync(IAsyncEnumerable<TResponse> responses)
    {
        await using var source = responses.GetAsyncEnumerator(Call.Stop);
        while (true)
        {
            var next = source.MoveNextAsync();
            if (!(next.IsCompleted || _writer.Pending == 0 ? await next : await FlushWhileAsync(next.AsTask())))
                return;
            await SendAsync(source.Current);
            if (_writer.Pending >= FlushAt)
                await _writer.FlushAsync(Call.Stop);
        }
    }

    private async Task<bool> FlushWhileAsync(Task<bool> next)
    {
        try
        {
            await _writer.FlushAsync(Call.Stop);
        }
        catch
        {
            // A source must not be disposed while it looks for its next element. The call's token has fired, so it gives up soon.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await next;
    }

    private static RpcException Cardinality(string got) => new(RpcStatusCode.Unimplemented, $"the method takes one request, the caller sent {got}");
}
