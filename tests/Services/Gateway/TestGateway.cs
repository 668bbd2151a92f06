using System.Net;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.Hosting;
using Fleet.ServiceTests.Hosting;
using Fleet.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.ServiceTests.Gateway;

/// <summary>A gateway in this process, with a routes file of the test.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private readonly string _folder;
    private readonly TestService _service;

    private TestGateway(string folder, TestService service)
    {
        (_folder, _service) = (folder, service);
        Address = service.Public.BaseAddress!;
        Http2 = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public Uri Address { get; }
    public int Port => Address.Port;

    /// <summary>Where TLS is served, when it is.</summary>
    public Uri TlsAddress => ServiceHost.Addresses(_service.App).Single(a => a.Scheme == "https");

    public HttpClient Http => _service.Public;
    public HttpClient Http2 { get; }
    public HttpClient Management => _service.Management;
    public string RoutesFile => Path.Combine(_folder, "routes.json");
    public RoutesStore Routes => Get<RoutesStore>();

    public static async Task<TestGateway> StartAsync(JsonObject routes, Action<IServiceCollection>? adjust = null, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "routes.json"), routes.ToJsonString());
        return await StartInAsync(folder, adjust, settings);
    }

    public static async Task<TestGateway> StartInAsync(string folder, Action<IServiceCollection>? adjust, params string[] settings)
    {
        var app = GatewayApp.Build(TestService.Arguments([$"--ROUTES_FILE={Path.Combine(folder, "routes.json")}", .. settings]), adjust ?? (_ => { }));
        var gateway = new TestGateway(folder, await TestService.StartAsync(app));
        await Eventually.True(() => gateway.Routes.AppliedVersion > 0);
        return gateway;
    }

    public T Get<T>()
        where T : notnull => _service.App.Services.GetRequiredService<T>();

    /// <summary>Replaces the file whole, as a mounted ConfigMap is, and waits until the proxy serves it.</summary>
    public async Task ReplaceAsync(JsonObject routes)
    {
        var version = Routes.Version;
        Write(routes.ToJsonString());
        await Eventually.True(() => Routes.Version > version && Routes.AppliedVersion == Routes.Version);
    }

    public void Write(string text)
    {
        var next = RoutesFile + ".next";
        File.WriteAllText(next, text);
        File.Move(next, RoutesFile, overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        Http2.Dispose();
        await _service.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Writes routes files as the operator does.</summary>
internal static class RoutesFiles
{
    public static JsonObject Empty() => new() { ["ReverseProxy"] = new JsonObject { ["Routes"] = new JsonObject(), ["Clusters"] = new JsonObject() } };

    public static JsonObject Of(string path, Uri backend, params (string Key, string Value)[] metadata) => Empty().With(path, backend, metadata);

    /// <summary>A route of the prefix, and its cluster, both named by the prefix.</summary>
    public static JsonObject With(this JsonObject file, string prefix, Uri backend, params (string Key, string Value)[] metadata)
    {
        var name = prefix.Trim('/').Length == 0 ? "root" : prefix.Trim('/');
        var isGrpc = metadata.Contains((RoutePolicy.ProtocolKey, "gRPC"));
        file["ReverseProxy"]!["Routes"]![name] = new JsonObject
        {
            ["ClusterId"] = name,
            ["Order"] = 0,
            ["Match"] = new JsonObject { ["Path"] = prefix.TrimEnd('/') + "/{**rest}" },
            ["Metadata"] = new JsonObject(metadata.Where(m => m.Key != RoutesParser.BalancingKey).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))),
        };
        var cluster = new JsonObject
        {
            ["Destinations"] = new JsonObject { [name] = new JsonObject { ["Address"] = backend.ToString() } },
            ["HttpRequest"] = isGrpc ? new JsonObject { ["Version"] = "2", ["VersionPolicy"] = "RequestVersionExact", ["ActivityTimeout"] = "01:00:00" } : null,
        };
        if (metadata.Any(m => m.Key == RoutesParser.BalancingKey))
            cluster["Metadata"] = new JsonObject { [RoutesParser.BalancingKey] = RoutesParser.PerRequest };
        file["ReverseProxy"]!["Clusters"]![name] = cluster;
        return file;
    }

    public static JsonObject WithGateway(this JsonObject file, JsonObject settings)
    {
        file["Gateway"] = settings;
        return file;
    }

    /// <summary>Takes the prefix away on the way to the backend.</summary>
    public static JsonObject Stripped(this JsonObject file, string name)
    {
        file["ReverseProxy"]!["Routes"]![name]!["Transforms"] = new JsonArray(new JsonObject { ["PathRemovePrefix"] = "/" + name });
        return file;
    }

    public static readonly (string, string) Grpc = (RoutePolicy.ProtocolKey, "gRPC");
}
