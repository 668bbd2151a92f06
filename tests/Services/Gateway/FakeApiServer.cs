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
    private readonly int _port;
    private readonly string _account = Directory.CreateTempSubdirectory("account-").FullName;
    private WebApplication? _app;
    private Channel<string> _lines = Channel.CreateUnbounded<string>();
    private int _version = 100;

    private FakeApiServer(int port) => _port = port;

    /// <summary>What a list answers; null: the object does not exist.</summary>
    public JsonObject? Routes { get; set; }

    /// <summary>What every request is answered while it is set.</summary>
    public int? Refusal { get; set; }

    public int Lists { get; private set; }
    public List<string> Watches { get; } = [];
    public List<string> Tokens { get; } = [];
    public int Open { get; private set; }

    public static async Task<FakeApiServer> StartAsync(JsonObject? routes)
    {
        using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var server = new FakeApiServer(((IPEndPoint)free.LocalEndpoint).Port) { Routes = routes };
        free.Stop();
        server.GiveToken("first");
        await server.ComeBackAsync();
        return server;
    }

    public ClusterAccess Access => new(new Uri($"http://127.0.0.1:{_port}"), "demo", "shop-routes", _account);

    public void GiveToken(string token) => File.WriteAllText(Path.Combine(_account, "token"), token + "\n");

    public async Task ComeBackAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, _port));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
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
        Tokens.Add(context.Request.Headers.Authorization.ToString());
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
            Lists++;
            var items = Routes is null ? new JsonArray() : new JsonArray(ConfigMap(Routes));
            await context.Response.WriteAsync(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = $"{_version}" }, ["items"] = items }.ToJsonString());
            return;
        }

        Watches.Add(context.Request.Query["resourceVersion"].ToString());
        await context.Response.StartAsync();
        Open++;
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(context.RequestAborted))
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line), context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // the watcher has left
        }
        finally
        {
            Open--;
        }
    }
}
