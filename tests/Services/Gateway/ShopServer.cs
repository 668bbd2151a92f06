using System.Net;
using System.Runtime.CompilerServices;
using Fleet.Rpc;
using Fleet.ServiceTests.Gateway.Rich;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.ServiceTests.Gateway;

/// <summary>The gRPC service of rich.proto on a Kestrel of its own, with reflection and health.</summary>
internal sealed class ShopServer : IAsyncDisposable
{
    public const string Path = "/gateway.test.v1.Shop";

    private readonly WebApplication _app;
    private int _calls;
    private int _reflections;

    private ShopServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());
    public int Calls => Volatile.Read(ref _calls);
    public HealthService Health { get; } = new();
    public RpcMetadata? LastMetadata { get; private set; }

    /// <summary>The deadlines of the calls, as they were sent.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Deadlines { get; } = new();

    /// <summary>How often the server was asked to describe itself.</summary>
    public int Reflections => Volatile.Read(ref _reflections);

    public static async Task<ShopServer> StartAsync(bool withReflection = true, string address = "127.0.0.1", int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Parse(address), port, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var server = new ShopServer(app);
        app.Use((context, next) =>
        {
            if (context.Request.Path.Value!.Contains("Reflection", StringComparison.Ordinal))
                Interlocked.Increment(ref server._reflections);
            return next(context);
        });
        IReadOnlyList<RpcService> services = [server.Service(), server.Health.ToService()];
        RpcServer.Map(app, withReflection ? ReflectionService.AddTo(services) : services);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private RpcService Service() => new RpcService(RichReflection.Descriptor.Services[0])
        .Guard(call =>
        {
            Interlocked.Increment(ref _calls);
            LastMetadata = call.Metadata;
            if (call.Http.Request.Headers["grpc-timeout"].ToString() is { Length: > 0 } timeout)
                Deadlines.Enqueue(timeout);
            call.Headers.Add("x-from", "shop");
            call.Trailers.Add("x-end", "so");
            return ValueTask.CompletedTask;
        })
        .Unary<Rich.Rich, Rich.Rich>("Echo", (rich, _) => Task.FromResult(rich))
        .Unary<Ask, Answer>("Get", (ask, _) => Task.FromResult(new Answer { Text = "got " + ask.What, Number = ask.Count }))
        .Unary<Ask, Answer>("Put", (ask, _) => Task.FromResult(new Answer { Text = "put " + ask.What, Number = ask.Count }))
        .Unary<Ask, Answer>("Fail", (ask, _) => throw new RpcException((RpcStatusCode)ask.Count, ask.What))
        .Unary<Ask, Answer>("Slow", async (_, call) =>
        {
            await Task.Delay(Timeout.Infinite, call.Stop);
            return new Answer();
        })
        .Unary<Ask, Answer>("Large", (ask, _) => Task.FromResult(new Answer { Text = new string('x', ask.Count) }))
        .ServerStreaming<Ask, Answer>("List", (ask, call) => ListAsync(ask, call.Stop))
        .Bidirectional<Ask, Answer>("Chat", (asks, call) => ChatAsync(asks, call.Stop));

    private static async IAsyncEnumerable<Answer> ListAsync(Ask ask, [EnumeratorCancellation] CancellationToken stop)
    {
        for (var i = 0; i < ask.Count; i++)
        {
            yield return new Answer { Text = ask.What, Number = i };
            await Task.Yield();
            stop.ThrowIfCancellationRequested();
        }

        if (ask.What == "fail")
            throw new RpcException(RpcStatusCode.Aborted, "enough");
    }

    private static async IAsyncEnumerable<Answer> ChatAsync(IAsyncEnumerable<Ask> asks, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var ask in asks.WithCancellation(stop))
            yield return new Answer { Text = ask.What };
    }
}
