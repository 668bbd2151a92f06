using System.IO.Pipelines;

namespace Fleet.Rpc;

/// <summary>The answers of a call. Disposing it before its end cancels the call.</summary>
public sealed class RpcResponses<T> : IAsyncDisposable
    where T : class
{
    private readonly HttpResponseMessage _response;
    private readonly RpcCodec<T> _codec;
    private readonly int _limit;
    private readonly Waiting _waiting;
    private readonly Waiting? _owned;
    private readonly CancellationTokenRegistration _leaving;
    private FrameReader? _reader;
    private PipeReader? _body;

    internal RpcResponses(HttpResponseMessage response, RpcCodec<T> codec, int limit, Waiting waiting, Waiting? owned)
    {
        (_response, _codec, _limit, _waiting, _owned) = (response, codec, limit, waiting, owned);
        Headers = RpcMetadata.From(response.Headers);
        // The server is told at once, not when somebody reads the next time.
        _leaving = waiting.Stop.UnsafeRegister(static r => ((HttpResponseMessage)r!).Dispose(), response);
    }

    /// <summary>Metadata before the first answer.</summary>
    public RpcMetadata Headers { get; }

    /// <summary>Metadata after the last answer; empty before.</summary>
    public RpcMetadata Trailers { get; private set; } = [];

    /// <summary>The next answer; null after the last one of a call that ended well.</summary>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    public Task<T?> ReadAsync() => _waiting.GuardAsync<T?>(async () =>
    {
        _reader ??= await OpenAsync();
        if (await _reader.ReadAsync(_codec, _waiting.Stop) is { } message)
            return message;
        Trailers = RpcMetadata.From(_response.TrailingHeaders);
        var status = Outcome.End(_response);
        return status.Code == RpcStatusCode.Ok ? null : throw new RpcException(status, Trailers);
    });

    /// <summary>All answers up to the end.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async IAsyncEnumerable<T> ReadAllAsync()
    {
        while (await ReadAsync() is { } message)
            yield return message;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _leaving.DisposeAsync();
        if (_body is not null)
            await _body.CompleteAsync();
        _response.Dispose();
        _owned?.Dispose();
    }

    internal async Task<RpcReply<T>> SingleAsync()
    {
        var message = await ReadAsync();
        if (message is null || await ReadAsync() is not null)
            throw new RpcException(RpcStatusCode.Unimplemented, "the method gives one answer, the server gave " + (message is null ? "none" : "more"));
        return new(message, Headers, Trailers);
    }

    private async Task<FrameReader> OpenAsync()
    {
        var encoding = _response.Headers.NonValidated.TryGetValues(RpcHeaders.Encoding, out var values) ? values.ToString() : RpcHeaders.Identity;
        if (encoding is not (RpcHeaders.Identity or RpcHeaders.Gzip))
            throw new RpcException(RpcStatusCode.Internal, $"the server answered in grpc-encoding {encoding}, which it was not offered");
        _body = PipeReader.Create(await _response.Content.ReadAsStreamAsync(_waiting.Stop));
        return new(_body, encoding == RpcHeaders.Gzip, _limit);
    }
}
