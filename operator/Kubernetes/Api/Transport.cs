using System.Net;

namespace Fleet.Kubernetes;

/// <summary>Sends requests: credentials, concurrency, timeouts, waits that the server asks for, and refusals as <see cref="ApiException"/>.</summary>
internal sealed class Transport : IDisposable
{
    /// <summary>How often a request is sent at most when the server asks to come back.</summary>
    private const int MaxTries = 3;

    /// <summary>The longest wait that is kept here; whoever is asked to wait longer has better things to do meanwhile.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    private readonly ClusterConfig _config;
    private readonly ApiClientOptions _options;
    private readonly Credentials _credentials;
    private readonly SemaphoreSlim _gate;
    private readonly Func<ClientCertificate?, HttpMessageHandler> _open;
    private readonly string _address;
    private volatile Line? _line;

    /// <param name="config">The server.</param>
    /// <param name="options">The limits.</param>
    /// <param name="open">Makes the handler for a client certificate.</param>
    public Transport(ClusterConfig config, ApiClientOptions options, Func<ClientCertificate?, HttpMessageHandler> open)
    {
        (_config, _options, _open) = (config, options, open);
        _credentials = new(config.Credentials, options.TimeProvider);
        _gate = new(options.MaxConcurrency);
        _address = config.Server.GetLeftPart(UriPartial.Path).TrimEnd('/');
    }

    /// <summary>The connections that were made with one certificate.</summary>
    private sealed record Line(ClientCertificate? Certificate, HttpMessageInvoker Invoker);

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="read">Reads the answer's body, or takes over the response itself when the request is a watch.</param>
    /// <param name="stop">The caller's cancellation.</param>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="TimeoutException">A try took longer than the request timeout.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or no credential can be had.</exception>
    /// <exception cref="IOException">The connection broke within the answer.</exception>
    /// <exception cref="NotAllowedException">It may not be sent any more.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<T> SendAsync<T>(ApiRequest request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken stop)
    {
        var address = new Uri(_address + request.PathAndQuery);
        var renewed = false;
        for (var tries = 1; ; tries++)
        {
            var credential = await _credentials.GetAsync(stop);
            ApiException refusal;
            try
            {
                return await TryOnceAsync(request, address, credential, read, stop);
            }
            catch (ApiException e)
            {
                refusal = e;
            }

            if (refusal.IsUnauthorized && !renewed && await _credentials.RefusedAsync(credential, stop))
                renewed = true;
            else if (WaitAskedFor(request, refusal) is { } wait && tries < MaxTries)
                await Task.Delay(wait, _options.TimeProvider, stop);
            else
                throw refusal;
        }
    }

    public void Dispose()
    {
        _line?.Invoker.Dispose();
        _credentials.Dispose();
        _gate.Dispose();
    }

    private async Task<T> TryOnceAsync<T>(
        ApiRequest request, Uri address, Credential credential, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken stop)
    {
        // A watch lasts for minutes, and a lease that waits behind two hundred creates may be lost.
        var gated = !request.IsWatch && request.Resource != Resources.Leases;
        if (gated)
            await _gate.WaitAsync(stop);
        var started = _options.TimeProvider.GetTimestamp();
        var code = 0;
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timeout.Token);
        HttpResponseMessage? response = null;
        try
        {
            using var message = request.Message(address, _config, _options.UserAgent, credential);
            if (request.MaySend?.Invoke() == false)
                throw new NotAllowedException($"{request.Subject}: not sent, since it is no longer allowed to");
            response = await InvokerFor(credential.Certificate).SendAsync(message, either.Token);
            code = (int)response.StatusCode;
            if (!response.IsSuccessStatusCode)
                throw await RefusalAsync(request, response, either.Token);
            RequireJson(request, response);
            var result = await read(response, either.Token);
            if (request.IsWatch)
                response = null; // handed over to the reader
            return result;
        }
        catch (Exception e) when (either.IsCancellationRequested && e is OperationCanceledException or IOException or HttpRequestException)
        {
            stop.ThrowIfCancellationRequested();
            throw new TimeoutException($"{request.Subject}: no answer within {_options.RequestTimeout.TotalSeconds:0.#} s", e);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Subject}: no connection within {_options.RequestTimeout.TotalSeconds:0.#} s", e); // the handler's own limit
        }
        catch (HttpRequestException e)
        {
            // "The SSL connection could not be established, see inner exception" helps nobody who reads a log.
            throw new HttpRequestException(e.HttpRequestError, $"{request.Subject}: {_config.Server} ({_config.Source}): {e.GetBaseException().Message}", e);
        }
        finally
        {
            response?.Dispose();
            if (gated)
                _gate.Release();
            _options.OnCall?.Invoke(new(request.Verb, request.Resource, code, _options.TimeProvider.GetElapsedTime(started)));
        }
    }

    /// <summary>The wait before the next try; null when there should be none.</summary>
    private static TimeSpan? WaitAskedFor(ApiRequest request, ApiException refusal) =>
        (refusal.IsTooManyRequests || (refusal.StatusCode == HttpStatusCode.ServiceUnavailable && request.IsIdempotent)) && refusal.RetryAfter <= MaxWait
            ? refusal.RetryAfter
            : null;

    private HttpMessageInvoker InvokerFor(ClientCertificate? certificate)
    {
        while (true)
        {
            var line = _line;
            if (line is not null && line.Certificate == certificate)
                return line.Invoker;

            // Connections belong to the certificate they were made with. The old ones are left to the watches on them and close when idle.
            var made = new Line(certificate, new HttpMessageInvoker(_open(certificate)));
            if (Interlocked.CompareExchange(ref _line, made, line) == line)
                return made.Invoker;
            made.Invoker.Dispose();
        }
    }

    private async Task<ApiException> RefusalAsync(ApiRequest request, HttpResponseMessage response, CancellationToken stop)
    {
        var retryAfter = response.Headers.RetryAfter;
        var wait = retryAfter?.Delta ?? (retryAfter?.Date is { } date ? date - _options.TimeProvider.GetUtcNow() : null);
        if (wait < TimeSpan.Zero)
            wait = TimeSpan.Zero;
        return new(response.StatusCode, await ErrorBody.ReadAsync(response, stop), wait, request.Subject);
    }

    /// <summary>Something else than an API server often answers 200 with a page; saying so beats "'&lt;' is an invalid start of a value".</summary>
    private void RequireJson(ApiRequest request, HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentType is { MediaType: { } type } && !type.Contains("json", StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"{request.Subject}: the answer is {type}, not JSON; is {_config.Server} an API server ({_config.Source})?");
    }
}
