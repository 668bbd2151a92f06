using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Routes of the Gateway API against its own CRDs of the standard channel, with the test in the place of a Gateway's controller.</summary>
public class GatewayApiTests(ITestOutputHelper output) : AppTest(output)
{
    private const string Routed = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: shop }
        spec:
          services:
          - { name: web, port: 80, protocol: HTTP, image: "example/web:1", route: { pathPrefix: /shop, stripPrefix: true, timeoutSeconds: 5 } }
          - { name: chat, port: 9000, protocol: gRPC, image: "example/chat:1", route: { hostnames: [chat.example.com] }, grpc: { services: [chat.v1.Chat] } }
          gateway: { mode: GatewayAPI, parentRef: { name: eg }, hostnames: [shop.example.com] }
        """;

    private const string Gateway = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: { name: eg }
        spec:
          gatewayClassName: any
          listeners: [{ name: http, protocol: HTTP, port: 8000 }]
        """;

    /// <summary>Where the CRDs are: the standard channel of a release, one file for each kind.</summary>
    public static string Crds => Environment.GetEnvironmentVariable("FLEET_GATEWAY_API_CRDS") is { Length: > 0 } folder
        ? folder : Path.GetFullPath(RepositoryRoot.Combine("..", "shared", "data", "gateway-api"));

    // One test, because a CRD is the whole cluster's: before it is there, while it is, and gone again.
    [GatewayApiFact]
    [Trait("Needs", "CurrentKubernetes")]
    public async Task A_Gateway_takes_the_routes_and_what_its_controller_says_is_in_status()
    {
        await StartOperatorAsync();
        await Kubectl.ApplyAsync(Routed);
        var app = await ConditionAsync(Conditions.RoutesProgrammed, ConditionStatus.False, Reasons.GatewayApiNotInstalled);
        Assert.Equal(2, app.Status!.Services.Count);
        try
        {
            // :: The CRDs come: noticed at once.
            foreach (var file in Directory.EnumerateFiles(Crds, "*.yaml"))
                await Kubectl.ApplyAsync(await File.ReadAllTextAsync(file), validate: (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 25));
            app = await ConditionAsync(Conditions.RoutesProgrammed, ConditionStatus.False, Reasons.GatewayNotFound);
            Assert.Equal($"Gateway {Namespace}/eg does not exist: create it, or change spec.gateway.parentRef", Of(app.Status!, Conditions.Ready)!.Message);

            await Kubectl.ApplyAsync(Gateway);
            app = await ConditionAsync(Conditions.RoutesProgrammed, ConditionStatus.Unknown, Reasons.Pending);
            Assert.Equal("http://shop.example.com:8000", app.Status!.Url);

            // :: The controller answers.
            await AnswerAsync(Resources.HttpRoutes, "shop-web", "Accepted");
            await AnswerAsync(Resources.GrpcRoutes, "shop-chat", "Accepted", accepted: false, "NotAllowedByListeners");
            app = await ConditionAsync(Conditions.RoutesProgrammed, ConditionStatus.False, Reasons.RouteRejected);
            Assert.Contains($"kubernetes.io/metadata.name: {Namespace}", Of(app.Status!, Conditions.RoutesProgrammed)!.Message, StringComparison.Ordinal);
            await AnswerAsync(Resources.GrpcRoutes, "shop-chat", "Accepted");
            app = await ReadyAsync();
            Assert.Equal(["http://shop.example.com:8000/shop", "http://chat.example.com:8000/chat.v1.Chat/"], app.Status!.Services.Select(s => s.Url));

            // :: An answer for an older route is none.
            await Kubectl.ApplyAsync(Routed.Replace("/shop", "/other", StringComparison.Ordinal));
            await ConditionAsync(Conditions.RoutesProgrammed, ConditionStatus.Unknown, Reasons.Pending);
            await AnswerAsync(Resources.HttpRoutes, "shop-web", "Accepted");
            await ReadyAsync();

            // :: What is defaulted is no drift; what somebody changes is; what lost its label is found again.
            Assert.Null((await AppAsync()).Status!.Drift);
            await Kubectl.RunAsync(["patch", "httproute/shop-web", "--type=json", "--patch", """[{"op":"replace","path":"/spec/hostnames","value":["evil.example.com"]}]"""]);
            app = await AppWhere(s => s.Drift is { Count: > 0 });
            Assert.Equal("HTTPRoute/shop-web", app.Status!.Drift!.Last!.Object);
            foreach (var (kind, name) in new[] { (Resources.HttpRoutes, "shop-web"), (Resources.GrpcRoutes, "shop-chat") })
            {
                await Kubectl.RunAsync($"label {kind} {name} {Keys.App}-");
                await Eventually.True(async () => (await ChildAsync(kind, name))!.Metadata.Label(Keys.App) == "shop");
            }

            // :: Without a gateway nothing is left.
            await Kubectl.ApplyAsync(Routed[..Routed.IndexOf("  gateway:", StringComparison.Ordinal)]);
            await ReadyAsync();
            await Eventually.True(async () => await ChildAsync(Resources.HttpRoutes, "shop-web") is null && await ChildAsync(Resources.GrpcRoutes, "shop-chat") is null);
        }
        finally
        {
            await Kubectl.TryAsync(["delete", "--ignore-not-found", "--filename", Crds]);
        }
    }

    private async Task AnswerAsync(Resource kind, string name, string reason, bool accepted = true, string? why = null)
    {
        var generation = (await Eventually.That(() => ChildAsync(kind, name), route => route is not null))!.Metadata.Generation;
        JsonObject Condition(string type, bool met) => new()
        {
            ["type"] = type, ["status"] = met ? "True" : "False", ["reason"] = met ? reason : why, ["message"] = "", ["observedGeneration"] = generation,
            ["lastTransitionTime"] = "2026-01-01T00:00:00Z",
        };
        var status = new JsonObject
        {
            ["parents"] = new JsonArray(new JsonObject
            {
                ["controllerName"] = "example.com/gateway",
                ["parentRef"] = new JsonObject { ["group"] = kind.Group, ["kind"] = "Gateway", ["name"] = "eg" },
                ["conditions"] = new JsonArray(Condition("Accepted", accepted), Condition("ResolvedRefs", true)),
            }),
        };
        await Api.JsonPatchAsync(kind, Namespace, name, [new JsonObject { ["op"] = "add", ["path"] = "/status", ["value"] = status }], CancellationToken.None, subresource: "status");
    }

    /// <summary>A test that needs the CRDs of the Gateway API, and is skipped by name without them.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class GatewayApiFactAttribute : FactAttribute
    {
        public GatewayApiFactAttribute()
        {
            if (!Directory.Exists(Crds))
                Skip = $"the CRDs of the Gateway API are not in {Crds}; FLEET_GATEWAY_API_CRDS names another folder";
        }
    }
}
