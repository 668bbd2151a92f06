using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.ServiceTests.Gateway;

/// <summary>A backend in this process that does what a test tells it, and remembers what reached it.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private Upstream(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;
    public int Port => Address.Port;
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Header names are in any letters; several values are joined.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Headers { get; } = new();

    public ConcurrentQueue<string> Paths { get; } = new();

    public static async Task<Upstream> StartAsync(
        RequestDelegate answer, HttpProtocols protocols = HttpProtocols.Http1, string address = "127.0.0.1", int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Parse(address), port, l => l.Protocols = protocols));
        var app = builder.Build();
        var upstream = new Upstream(app);
        app.Run(context =>
        {
            Interlocked.Increment(ref upstream._calls);
            upstream.Headers.Enqueue(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
            upstream.Paths.Enqueue(context.Features.Get<IHttpRequestFeature>()!.RawTarget);
            return answer(context);
        });
        await app.StartAsync();
        upstream.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return upstream;
    }

    public static Task<Upstream> SayingAsync(string text) => StartAsync(context => context.Response.WriteAsync(text));

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }
}
