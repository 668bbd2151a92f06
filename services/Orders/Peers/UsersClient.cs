using System.Net;
using System.Net.Http.Headers;
using Fleet.Hosting;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Fleet.Orders;

/// <summary>
/// Asks the users service, <c>GET /users/{id}</c>, with the caller's own token. An answer that does not come in time, or is none, counts against the service;
/// when most fail it is left alone for a while, and callers are told at once.
/// </summary>
internal sealed partial class UsersClient : ICustomers, IDisposable
{
    private const string Name = "users";
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _pipeline;

    public UsersClient(Uri address, TimeProvider time, ILogger<UsersClient> log)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = WatchedConnection.ConnectAsync,
        })
        {
            BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan, // the pipeline has it
        };
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new()
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<TimeoutRejectedException>(),
                FailureRatio = 0.5,
                MinimumThroughput = 8,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = TimeSpan.FromSeconds(3),
                OnOpened = opened =>
                {
                    Log.Opened(log, opened.BreakDuration.TotalSeconds, opened.Outcome.Exception);
                    return default;
                },
            })
            .AddTimeout(TimeSpan.FromSeconds(2))
            .Build();
    }

    public async Task<CustomerAnswer> FindAsync(string id, string? token, CancellationToken stop)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async inTime => await AskAsync(id, token, inTime), stop);
        }
        catch (BrokenCircuitException e)
        {
            throw Unavailable("has failed repeatedly and is left alone for a moment", e);
        }
        catch (TimeoutRejectedException e)
        {
            throw Unavailable("did not answer in time", e);
        }
        catch (HttpRequestException e)
        {
            throw Unavailable(e.StatusCode is { } status ? $"answered {(int)status}" : "does not answer", e);
        }
    }

    public void Dispose() => _http.Dispose();

    private static DependencyUnavailableException Unavailable(string why, Exception cause) => new(Name, $"{Name} {why}", cause);

    private async Task<CustomerAnswer> AskAsync(string id, string? token, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"users/{Uri.EscapeDataString(id)}");
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => CustomerAnswer.Exists,
            HttpStatusCode.NotFound => CustomerAnswer.Unknown,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => CustomerAnswer.Forbidden,
            var status => throw new HttpRequestException(HttpRequestError.Unknown, $"HTTP {(int)status}", null, status),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "users fails and is not asked for {Seconds} s")]
        internal static partial void Opened(ILogger logger, double seconds, Exception? fault);
    }
}
