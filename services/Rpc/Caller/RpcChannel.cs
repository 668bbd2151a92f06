using System.Net;

namespace Fleet.Rpc;

/// <summary>Calls a server over HTTP/2, spread over all addresses of its name. Safe for all threads; one per server is enough.</summary>
public sealed class RpcChannel : IDisposable
{
    private readonly Uri _address;
    private readonly RpcChannelOptions _options;
    private readonly Peers _peers;

    /// <summary>Makes a channel; it connects with the first call.</summary>
    /// <param name="address"><c>dns:///host:port</c>, <c>http://host:port</c> or <c>https://host:port</c>.</param>
    /// <param name="options">How it behaves.</param>
    /// <exception cref="ArgumentException">The address is none of these.</exception>
    public RpcChannel(string address, RpcChannelOptions? options = null)
    {
        const string dns = "dns:///";
        var text = address.StartsWith(dns, StringComparison.Ordinal) ? "http://" + address[dns.Length..] : address;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            throw new ArgumentException($"'{address}' is no address: write dns:///host:port, http://host:port or https://host:port", nameof(address));
        _address = uri;
        _options = options ?? new();
        _peers = new(uri, _options);
    }

    /// <summary>One request, one answer.</summary>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired; the server was told.</exception>
    public async Task<RpcReply<TResponse>> UnaryAsync<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, TRequest request, RpcCallOptions? options = null, CancellationToken stop = default)
        where TRequest : class
        where TResponse : class
    {
        using var waiting = new Waiting(options?.Timeout, _options.Time, stop);
        return await RetryAsync(options ?? new(), waiting, async attempt =>
        {
            var answer = await SendAsync(method, new SingleRequest<TRequest>(method.Requests, request), options, attempt, waiting);
            await using var responses = new RpcResponses<TResponse>(answer, method.Responses, _options.MaxMessageBytes, waiting, null);
            return await responses.SingleAsync();
        });
    }

    /// <summary>One request, many answers. An idempotent call is made again only until the server has begun to answer.</summary>
    /// <inheritdoc cref="UnaryAsync"/>
    public async Task<RpcResponses<TResponse>> ServerStreamingAsync<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, TRequest request, RpcCallOptions? options = null, CancellationToken stop = default)
        where TRequest : class
        where TResponse : class
    {
        var waiting = new Waiting(options?.Timeout, _options.Time, stop);
        try
        {
            var answer = await RetryAsync(options ?? new(), waiting, attempt =>
                SendAsync(method, new SingleRequest<TRequest>(method.Requests, request), options, attempt, waiting));
            return new(answer, method.Responses, _options.MaxMessageBytes, waiting, waiting);
        }
        catch
        {
            waiting.Dispose();
            throw;
        }
    }

    /// <summary>Many requests, and one or many answers. Never made again, since the requests are gone.</summary>
    public RpcDuplex<TRequest, TResponse> Duplex<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, RpcCallOptions? options = null, CancellationToken stop = default)
        where TRequest : class
        where TResponse : class
    {
        var waiting = new Waiting(options?.Timeout, _options.Time, stop);
        var requests = new RequestStream<TRequest>(method.Requests);
        return new(requests, OpenAsync(), waiting);

        async Task<RpcResponses<TResponse>> OpenAsync()
        {
            try
            {
                var answer = await waiting.GuardAsync(() => SendAsync(method, requests, options, 0, waiting));
                return new(answer, method.Responses, _options.MaxMessageBytes, waiting, null);
            }
            catch (Exception e)
            {
                requests.Fail(e);
                throw;
            }
        }
    }

    /// <summary>Closes the connections when the calls under way have ended.</summary>
    public void Dispose() => _peers.Dispose();

    private static bool MayRetry(RpcException e, bool idempotent) =>
        // A call that never left cannot have done anything, so it may go again in any case.
        e.Status.Code == RpcStatusCode.Unavailable && (idempotent || e.InnerException is HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        });

    private async Task<T> RetryAsync<T>(RpcCallOptions options, Waiting waiting, Func<int, Task<T>> send)
    {
        var pause = _options.BackOff;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await waiting.GuardAsync(() => send(attempt));
            }
            catch (RpcException e) when (attempt + 1 < _options.Attempts && MayRetry(e, options.Idempotent))
            {
                await waiting.GuardAsync(async () =>
                {
                    await Task.Delay(pause * (0.8 + (0.4 * Random.Shared.NextDouble())), _options.Time, waiting.Stop);
                    return true;
                });
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.TicksPerSecond));
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, HttpContent body, RpcCallOptions? options, int attempt, Waiting waiting)
        where TRequest : class
        where TResponse : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, method.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation(RpcHeaders.AcceptEncoding, RpcHeaders.Accepted);
        if (waiting.Remaining is { } remaining)
            request.Headers.TryAddWithoutValidation(RpcHeaders.Timeout, RpcHeaders.WriteTimeout(remaining));
        if (attempt > 0)
            request.Headers.TryAddWithoutValidation(RpcHeaders.PreviousAttempts, attempt.ToString());
        foreach (var (key, value) in options?.Metadata ?? [])
            request.Headers.TryAddWithoutValidation(key, value);

        var peer = await _peers.NextAsync(waiting.Stop);
        try
        {
            var response = await peer.Http.SendAsync(request, waiting.Stop);
            try
            {
                Outcome.CheckHeaders(response);
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
        catch (HttpRequestException e)
        {
            if (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ResponseEnded)
                _peers.Failed(peer);
            throw;
        }
    }
}
