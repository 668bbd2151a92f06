using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fleet.Rpc;
using Fleet.ServiceTests.Rpc.Echoes;
using Fleet.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.ServiceTests.Rpc;

/// <summary>The echo service on a real Kestrel, cleartext HTTP/2, at a port of its own.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    public const int MaxMessageBytes = 256 * 1024;
    private readonly WebApplication _app;

    private EchoServer(WebApplication app) => _app = app;

    public HealthService Health { get; } = new();

    private readonly Channel<string> _hanging = System.Threading.Channels.Channel.CreateUnbounded<string>();
    private readonly Channel<string> _left = System.Threading.Channels.Channel.CreateUnbounded<string>();

    /// <summary>Run before each call.</summary>
    public Func<RpcCall, ValueTask> Guard { get; set; } = static _ => ValueTask.CompletedTask;

    /// <summary>How often a method was reached.</summary>
    public int Calls => _calls;

    public int Port => new Uri(_app.Urls.First()).Port;

    public string Address => $"http://127.0.0.1:{Port}";

    private int _calls;

    public static async Task<EchoServer> StartAsync(int port = 0, string ip = "127.0.0.1", HttpProtocols protocols = HttpProtocols.Http2, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(ip), port, listen => listen.Protocols = protocols));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var app = builder.Build();
        var server = new EchoServer(app);
        RpcServer.Map(app, ReflectionService.AddTo([server.Service(), server.Health.ToService()]), new() { MaxMessageBytes = MaxMessageBytes });
        await app.StartAsync();
        return server;
    }

    public RpcChannel Channel(RpcChannelOptions? options = null) => new(Address, options);

    /// <summary>The text of the next call whose handler hangs.</summary>
    public Task<string> HangingAsync() => _hanging.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Patience);

    /// <summary>The text of the next call whose handler was cut short.</summary>
    public Task<string> LeftAsync() => _left.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Patience);

    /// <summary>Begins to drain, as SIGTERM does.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public RpcService Service() => new RpcService(EchoReflection.Descriptor.Services[0])
        .Guard(call =>
        {
            Interlocked.Increment(ref _calls);
            return Guard(call);
        })
        .Unary<EchoRequest, EchoReply>("Once", OnceAsync)
        .ServerStreaming<EchoRequest, EchoReply>("Many", (request, call) => ManyAsync(request, call), endless: true)
        .ClientStreaming<EchoRequest, EchoReply>("Gather", GatherAsync)
        .Bidirectional<EchoRequest, EchoReply>("Chat", (requests, call) => ChatAsync(requests, call));

    private async Task<EchoReply> OnceAsync(EchoRequest request, RpcCall call)
    {
        EchoMetadata(call);
        await EndAsync(request, call);
        return new() { Text = request.Text };
    }

    private async IAsyncEnumerable<EchoReply> ManyAsync(EchoRequest request, RpcCall call, [EnumeratorCancellation] CancellationToken stop = default)
    {
        EchoMetadata(call);
        await call.SendHeadersAsync();
        for (var i = 0; i < request.Count; i++)
            yield return new() { Text = $"{request.Text}{i}" };
        await EndAsync(request, call);
    }

    private async Task<EchoReply> GatherAsync(IAsyncEnumerable<EchoRequest> requests, RpcCall call)
    {
        var texts = new List<string>();
        await foreach (var request in requests)
        {
            await EndAsync(request, call);
            texts.Add(request.Text);
        }

        return new() { Text = string.Join(' ', texts) };
    }

    private async IAsyncEnumerable<EchoReply> ChatAsync(IAsyncEnumerable<EchoRequest> requests, RpcCall call)
    {
        await foreach (var request in requests)
        {
            yield return new() { Text = request.Text };
            await EndAsync(request, call);
        }
    }

    private static void EchoMetadata(RpcCall call)
    {
        foreach (var (key, value) in call.Metadata.Where(m => m.Key.StartsWith("echo-", StringComparison.Ordinal)))
        {
            if (key.EndsWith("-bin", StringComparison.Ordinal))
                call.Trailers.Add(key, call.Metadata.Bytes(key).Single());
            else
                call.Headers.Add(key, value);
        }
    }

    private async Task EndAsync(EchoRequest request, RpcCall call)
    {
        if (request.Crash)
            throw new InvalidOperationException("secret");
        if (request.Hang)
        {
            _hanging.Writer.TryWrite(request.Text);
            try
            {
                await Task.Delay(Timeout.Infinite, call.Stop);
            }
            finally
            {
                _left.Writer.TryWrite(request.Text);
            }
        }

        if (request.Fail != 0)
            throw new RpcException((RpcStatusCode)request.Fail, request.FailMessage);
    }
}
