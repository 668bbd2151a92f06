using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Fleet.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Fleet.ServiceTests.Gateway;

/// <summary>As much of an API server as a watch on one ConfigMap sees, with every way to go wrong.</summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    /// <summary>Connections go out from 127.0.0.1, so that none of another test takes the port at this address while the server is away.</summary>
    private static readonly IPAddress Address = IPAddress.Parse("127.0.0.31");

    private readonly string _account = Directory.CreateTempSubdirectory("account-").FullName;
    private readonly ConcurrentQueue<string> _watches = new();
    private readonly ConcurrentQueue<string> _tokens = new();
    private WebApplication? _app;
    private volatile Channel<string> _lines = Channel.CreateUnbounded<string>();
    private volatile int _lists;
    private volatile int _open;
    private int _port;
    private int _version = 100;

    private FakeApiServer()
    {
    }

    /// <summary>What a list answers; null: the object does not exist.</summary>
    public JsonObject? Routes { get; set; }

    /// <summary>What every request is answered while it is set.</summary>
    public int? Refusal { get; set; }

    public int Lists => _lists;
    public IReadOnlyList<string> Watches => [.. _watches];
    public IReadOnlyList<string> Tokens => [.. _tokens];
    public int Open => _open;

    public static async Task<FakeApiServer> StartAsync(JsonObject? routes)
    {
        var server = new FakeApiServer { Routes = routes };
        server.GiveToken("first");
        await server.ComeBackAsync();
        return server;
    }

    public ClusterAccess Access => new(new Uri($"http://{Address}:{_port}"), "demo", "shop-routes", _account);

    public void GiveToken(string token) => File.WriteAllText(Path.Combine(_account, "token"), token + "\n");

    public async Task ComeBackAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(Address, _port));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    public async Task GoAwayAsync()
    {
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>The object changes, and every watcher is told.</summary>
    public void Change(JsonObject routes)
    {
        Routes = routes;
        Say(new JsonObject { ["type"] = "MODIFIED", ["object"] = ConfigMap(routes) }.ToJsonString() + "\n");
    }

    public void Bookmark() =>
        Say("""{"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"NEXT"}}}""".Replace("NEXT", $"{++_version}", StringComparison.Ordinal) + "\n");

    public void Say(string text) => _lines.Writer.TryWrite(text);

    /// <summary>The watch ends as a server ends it.</summary>
    public void End()
    {
        var ended = _lines;
        _lines = Channel.CreateUnbounded<string>();
        ended.Writer.Complete();
    }

    public async ValueTask DisposeAsync()
    {
        await GoAwayAsync();
        Directory.Delete(_account, recursive: true);
    }

    private JsonObject ConfigMap(JsonObject routes) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "shop-routes", ["resourceVersion"] = $"{++_version}" },
        ["data"] = new JsonObject { [RoutesWatch.Key] = routes.ToJsonString() },
    };

    private async Task AnswerAsync(HttpContext context)
    {
        _tokens.Enqueue(context.Request.Headers.Authorization.ToString());
        if (context.Request.Path != "/api/v1/namespaces/demo/configmaps" || context.Request.Query["fieldSelector"] != "metadata.name=shop-routes")
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (Refusal is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        if (context.Request.Query["watch"] != "1")
        {
            Interlocked.Increment(ref _lists);
            var items = Routes is null ? new JsonArray() : new JsonArray(ConfigMap(Routes));
            await context.Response.WriteAsync(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = $"{_version}" }, ["items"] = items }.ToJsonString());
            return;
        }

        var lines = _lines.Reader; // before anybody is told that the watch is open: what is said from then on is for it
        _watches.Enqueue(context.Request.Query["resourceVersion"].ToString());
        await context.Response.StartAsync();
        Interlocked.Increment(ref _open);
        try
        {
            await foreach (var line in lines.ReadAllAsync(context.RequestAborted))
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line), context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // the watcher has left
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
