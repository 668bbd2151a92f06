using System.Collections.Concurrent;
using Fleet.Rpc;
using Fleet.ServiceTests.Story;

namespace Fleet.NodeTests;

/// <summary>A customer's reads, one after the other in each of four ways, and what became of them: kept connections, new ones, Connect and gRPC.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly RpcMethod<byte[], byte[]> GetOrder = new("/orders.v1.Orders/GetOrder", RpcCodec.Raw, RpcCodec.Raw);

    // What a few people do, not what the machine can bear: the nodes share it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly ConcurrentQueue<string> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Customer _customer;
    private readonly HttpClient _eachTimeNew;
    private readonly RpcChannel _channel;
    private readonly Task _running;
    private int _answered;

    private Traffic(Uri gateway, Customer customer, string order)
    {
        _customer = customer;
        _eachTimeNew = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(20) };
        _eachTimeNew.DefaultRequestHeaders.Authorization = new("Bearer", customer.Token);
        _channel = new(gateway.AbsoluteUri);
        var byId = OrderMessage(order);
        _running = Task.WhenAll(
            RepeatAsync("kept", async () => Check(await _customer.SendAsync(HttpMethod.Get, $"users/{_customer.Id}"))),
            RepeatAsync("new", async () => Check(await _eachTimeNew.GetAsync(new Uri($"users/{_customer.Id}", UriKind.Relative)))),
            RepeatAsync("connect", async () => Check(await _customer.CallAsync("GetOrder", $$"""{"orderId":"{{order}}"}"""))),
            RepeatAsync("grpc", () => CallAsync(byId)));
    }

    /// <summary>How many were answered as they should be.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>The requests that failed, in words.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>Starts it.</summary>
    /// <param name="gateway">Where.</param>
    /// <param name="customer">Whose.</param>
    /// <param name="order">An order of the customer's, to be read.</param>
    public static Traffic Start(Uri gateway, Customer customer, string order) => new(gateway, customer, order);

    /// <summary>Calls a gRPC method once, on the connection that is there.</summary>
    public async Task CallAsync(byte[] request) =>
        await _channel.UnaryAsync(GetOrder, request, new() { Metadata = { { "authorization", $"Bearer {_customer.Token}" } }, Timeout = TimeSpan.FromSeconds(20) });

    /// <summary>The request for an order: field 1, a string.</summary>
    public static byte[] OrderMessage(string order) => [0x0A, (byte)order.Length, .. System.Text.Encoding.ASCII.GetBytes(order)];

    /// <summary>Ends it, the requests under way as well.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _eachTimeNew.Dispose();
        _channel.Dispose();
        _stop.Dispose();
    }

    private static void Check(HttpResponseMessage answer)
    {
        using (answer)
        {
            if (!answer.IsSuccessStatusCode)
                throw new HttpRequestException($"{(int)answer.StatusCode} {answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()}");
        }
    }

    private async Task RepeatAsync(string kind, Func<Task> request)
    {
        using var pace = new PeriodicTimer(Pause);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await request();
                Interlocked.Increment(ref _answered);
            }
            catch (Exception e) when (e is HttpRequestException or RpcException or IOException or OperationCanceledException or TimeoutException)
            {
                _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {kind}: {e.Message} {e.InnerException?.Message}");
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
