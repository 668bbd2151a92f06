using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Testing;

/// <summary>
/// The API metrics.k8s.io, which autoscalers read, served by the test: every pod of a namespace uses as much CPU as the test says. The API server passes requests on to
/// it as to any aggregated API. Disposing takes it out again.
/// </summary>
public sealed class PodMetricsServer : IAsyncDisposable
{
    private const string Group = "/apis/metrics.k8s.io/v1beta1";
    private const string Name = "v1beta1.metrics.k8s.io";

    private static readonly Resource ApiServices = new("apiregistration.k8s.io", "v1", "APIService", "apiservices", Namespaced: false);

    private readonly WebApplication _server;
    private readonly ApiClient _api;
    private readonly string _namespace;

    private PodMetricsServer(ApiClient api, string ns)
    {
        (_api, _namespace) = (api, ns);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(AdmissionWebhook.MakeCertificate())));
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    /// <summary>What each container of a pod uses, in thousandths of a CPU.</summary>
    public int MilliCpu { get; set; }

    /// <summary>Starts it; returns once the API server has it for available.</summary>
    /// <param name="cluster">Whose API server.</param>
    /// <param name="ns">A namespace; the pods of others have no metrics.</param>
    public static async Task<PodMetricsServer> StartAsync(ControlPlane cluster, string ns)
    {
        var server = new PodMetricsServer(cluster.CreateClient("fleet-test-metrics"), ns);
        await server._server.StartAsync();
        await server.RegisterAsync();
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _api.DeleteAsync(ApiServices, null, Name, new DeleteOptions(), CancellationToken.None);
        await _server.DisposeAsync();
        _api.Dispose();
    }

    // By a name in place of an address: of a Service with addresses the API server asks for pods.
    private async Task RegisterAsync()
    {
        var port = new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        await _api.CreateAsync(KubeObject.From(Resources.Services, new()
        {
            ["metadata"] = new JsonObject { ["name"] = "pod-metrics", ["namespace"] = _namespace },
            ["spec"] = new JsonObject { ["type"] = "ExternalName", ["externalName"] = "localhost", ["ports"] = new JsonArray(new JsonObject { ["port"] = port }) },
        }), CancellationToken.None);
        await _api.CreateAsync(KubeObject.From(ApiServices, new()
        {
            ["metadata"] = new JsonObject { ["name"] = Name },
            ["spec"] = new JsonObject
            {
                ["group"] = "metrics.k8s.io", ["version"] = "v1beta1", ["groupPriorityMinimum"] = 100, ["versionPriority"] = 100, ["insecureSkipTLSVerify"] = true,
                ["service"] = new JsonObject { ["name"] = "pod-metrics", ["namespace"] = _namespace, ["port"] = port },
            },
        }), CancellationToken.None);
        await Eventually.That(
            () => _api.FindAsync(Kinds.Raw(ApiServices), null, Name, CancellationToken.None),
            service => service?.Part("status").GetProperty("conditions").EnumerateArray().Any(c => c.GetProperty("type").ValueEquals("Available") && c.GetProperty("status").ValueEquals("True")) == true,
            describe: service => $"{service?.Json}",
            what: "the API server has metrics.k8s.io for available");
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        JsonObject? answer = path switch
        {
            "/apis/metrics.k8s.io" => null,
            Group => new()
            {
                ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = "metrics.k8s.io/v1beta1",
                ["resources"] = new JsonArray(new JsonObject { ["name"] = "pods", ["singularName"] = "", ["namespaced"] = true, ["kind"] = "PodMetrics", ["verbs"] = new JsonArray("get", "list") }),
            },
            _ when path == $"{Group}/namespaces/{_namespace}/pods" => await UsageAsync(context.Request.Query["labelSelector"].ToString(), context.RequestAborted),
            _ => null,
        };
        context.Response.StatusCode = answer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer?.ToJsonString() ?? "{}");
    }

    private async Task<JsonObject> UsageAsync(string selector, CancellationToken stop)
    {
        var items = new JsonArray();
        await foreach (var page in _api.ListAsync(Kinds.Pods, new(_namespace, selector), stop))
        {
            foreach (var pod in page.Items)
            {
                items.Add(new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = pod.Metadata.Name, ["namespace"] = _namespace },
                    ["timestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    ["window"] = "1s",
                    ["containers"] = new JsonArray([.. (pod.Status.ContainerStatuses ?? []).Select(c => new JsonObject
                    {
                        ["name"] = c.Name, ["usage"] = new JsonObject { ["cpu"] = $"{MilliCpu}m", ["memory"] = "1Mi" },
                    })]),
                });
            }
        }

        return new() { ["kind"] = "PodMetricsList", ["apiVersion"] = "metrics.k8s.io/v1beta1", ["metadata"] = new JsonObject(), ["items"] = items };
    }
}
