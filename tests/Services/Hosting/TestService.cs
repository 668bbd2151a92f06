using Fleet.Hosting;
using Fleet.Testing;
using Microsoft.AspNetCore.Builder;

namespace Fleet.ServiceTests.Hosting;

/// <summary>A service in this process, on two loopback ports that the system chose.</summary>
public sealed class TestService : IAsyncDisposable
{
    private TestService(WebApplication app)
    {
        App = app;
        var addresses = ServiceHost.Addresses(app);
        // No redirects and no cookies: what the service says is what is looked at. Who asks before it sends a body waits for the answer.
        Public = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, Expect100ContinueTimeout = Eventually.Patience }) { BaseAddress = addresses[0] };
        Management = new HttpClient { BaseAddress = addresses[^1] };
    }

    public WebApplication App { get; }

    /// <summary>The public port.</summary>
    public HttpClient Public { get; }

    /// <summary>The management port.</summary>
    public HttpClient Management { get; }

    /// <summary>What every service under test is given: free ports on loopback and quiet logs.</summary>
    public static string[] Arguments(params string[] more) =>
        ["--PORT=0", "--MANAGEMENT_PORT=0", "--LISTEN_ADDRESS=127.0.0.1", "--LOG_FORMAT=text", "--LOG_LEVEL=Critical", .. more];

    public static async Task<TestService> StartAsync(WebApplication app)
    {
        await app.StartAsync();
        return new TestService(app);
    }

    public async ValueTask DisposeAsync()
    {
        Public.Dispose();
        Management.Dispose();
        await App.DisposeAsync();
    }
}
