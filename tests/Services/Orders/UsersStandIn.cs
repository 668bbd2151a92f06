using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.ServiceTests.Orders;

/// <summary>A users service that does what a test wants.</summary>
internal sealed class UsersStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private UsersStandIn(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>How often it was asked.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>The last request's Authorization header.</summary>
    public string? Authorization { get; private set; }

    /// <summary>Answers a request for a user.</summary>
    public Func<string, HttpContext, Task> Answer { get; set; } = static (id, http) =>
    {
        http.Response.StatusCode = id.StartsWith("usr-", StringComparison.Ordinal) ? 200 : 404;
        return Task.CompletedTask;
    };

    public static async Task<UsersStandIn> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var users = new UsersStandIn(app);
        app.MapGet("/users/{id}", (RequestDelegate)(http =>
        {
            Interlocked.Increment(ref users._calls);
            users.Authorization = http.Request.Headers.Authorization;
            return users.Answer((string)http.Request.RouteValues["id"]!, http);
        }));
        await app.StartAsync();
        return users;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
