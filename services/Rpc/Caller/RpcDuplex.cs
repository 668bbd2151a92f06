namespace Fleet.Rpc;

/// <summary>A call with many requests. Disposing it before its end cancels the call.</summary>
public sealed class RpcDuplex<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class
    where TResponse : class
{
    private readonly RequestStream<TRequest> _requests;
    private readonly Waiting _waiting;

    internal RpcDuplex(RequestStream<TRequest> requests, Task<RpcResponses<TResponse>> responses, Waiting waiting)
    {
        (_requests, Responses, _waiting) = (requests, responses, waiting);
    }

    /// <summary>The answers, once the server has begun to answer. Many servers begin only after they were asked something.</summary>
    public Task<RpcResponses<TResponse>> Responses { get; }

    /// <summary>Sends one request; one at a time.</summary>
    public Task WriteAsync(TRequest request) => _waiting.GuardAsync(async () =>
    {
        await _requests.WriteAsync(request, _waiting.Stop);
        return true;
    });

    /// <summary>Says that no request follows.</summary>
    public void Complete() => _requests.Complete();

    /// <summary>The one answer of a method that has one, after the last request.</summary>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    public async Task<RpcReply<TResponse>> SingleAsync()
    {
        Complete();
        return await (await Responses).SingleAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Cancel();
        _requests.Complete();
        await ((Task)Responses).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Responses.IsCompletedSuccessfully)
            await (await Responses).DisposeAsync();
        _waiting.Dispose();
    }
}
