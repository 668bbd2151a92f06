using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Status;

/// <summary>What the controller of a Gateway says of the app's routes, as a condition of the app.</summary>
public class RoutingTests
{
    private const string Spec = """
        services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }, { name: chat, image: c:1, protocol: gRPC, port: 9000, route: { hostnames: [chat.example.com] }, grpc: { services: [c.v1.C] } }]
        gateway: { mode: GatewayAPI, parentRef: { name: eg, namespace: gates, sectionName: http }, hostnames: [shop.example.com] }
        """;

    private static readonly KubeObject Gateway = KubeObject.From(Resources.Gateways, new()
    {
        ["metadata"] = new JsonObject { ["name"] = "eg", ["namespace"] = "gates" },
        ["spec"] = new JsonObject { ["listeners"] = new JsonArray(Listener("https", "HTTPS", 8443), Listener("http", "HTTP", 8000)) },
        ["status"] = new JsonObject { ["addresses"] = new JsonArray(new JsonObject { ["value"] = "fd00::7" }) },
    });

    [Fact]
    public void Accepted_and_resolved_at_this_generation_is_programmed()
    {
        var fleet = Settled();
        Assert.Equal((ConditionStatus.Unknown, Reasons.Pending), Routes(fleet));
        Answer(fleet, "HTTPRoute/shop-web");
        fleet.Pass();
        Assert.Equal((ConditionStatus.Unknown, Reasons.Pending), Routes(fleet));
        Answer(fleet, "GRPCRoute/shop-chat");
        fleet.Pass();
        Assert.Equal((ConditionStatus.True, Reasons.Programmed), Routes(fleet));
        Assert.Equal(ConditionStatus.True, fleet.Condition(Conditions.Ready)!.Status);
        Assert.Equal("2/2", fleet.Status.Ready);
        Assert.Equal(["web", "chat"], fleet.Status.Services.Select(s => s.Name));
    }

    [Fact]
    public void An_answer_for_an_older_generation_or_another_listener_is_none()
    {
        var fleet = Settled();
        Answer(fleet, "GRPCRoute/shop-chat");
        Answer(fleet, "HTTPRoute/shop-web", generation: 0);
        fleet.Pass();
        Assert.Equal((ConditionStatus.Unknown, Reasons.Pending), Routes(fleet));
        Answer(fleet, "HTTPRoute/shop-web", section: "https");
        fleet.Pass();
        Assert.Equal((ConditionStatus.Unknown, Reasons.Pending), Routes(fleet));
    }

    [Theory]
    [InlineData("Accepted", "NotAllowedByListeners", "set its allowedRoutes.namespaces to from: All, or to a selector that matches the label kubernetes.io/metadata.name: demo")]
    [InlineData("Accepted", "NoMatchingListenerHostname", "change gateway.hostnames")]
    [InlineData("Accepted", "NoMatchingParent", "change gateway.parentRef.sectionName")]
    [InlineData("ResolvedRefs", "BackendNotFound", "BackendNotFound: as the controller says")]
    public void What_is_not_taken_says_why_and_what_to_change(string type, string reason, string hint)
    {
        var fleet = Settled();
        Answer(fleet, "GRPCRoute/shop-chat");
        Answer(fleet, "HTTPRoute/shop-web", refused: type, reason);
        fleet.Pass();
        Assert.Equal((ConditionStatus.False, Reasons.RouteRejected), Routes(fleet));
        var message = fleet.Condition(Conditions.RoutesProgrammed)!.Message;
        Assert.StartsWith($"web: Gateway gates/eg does not take HTTPRoute/shop-web: {reason}: ", message, StringComparison.Ordinal);
        Assert.Contains(hint, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Gateway_that_is_not_there_is_named_where_Gateways_are_seen()
    {
        var fleet = Settled();
        fleet.SeesParent = true;
        fleet.Pass();
        Assert.Equal((ConditionStatus.False, Reasons.GatewayNotFound), Routes(fleet));
        Assert.Equal((true, Reasons.GatewayNotFound, Conditions.RoutesProgrammed), fleet.Told.Select(h => (h.Warning, h.Reason, h.Action)).Single());
        Assert.Equal("Gateway gates/eg does not exist: create it, or change spec.gateway.parentRef", fleet.Condition(Conditions.Ready)!.Message);
    }

    [Fact]
    public void A_cluster_without_the_Gateway_API_is_told()
    {
        var fleet = new SimulatedFleet(Given.App(Spec)) { Missing = [Resources.HttpRoutes, Resources.GrpcRoutes] };
        fleet.Settle();
        Assert.Equal((ConditionStatus.False, Reasons.GatewayApiNotInstalled), Routes(fleet));
        Assert.Equal(ConditionStatus.True, fleet.Condition(Conditions.ResourcesApplied)!.Status);
        Assert.All(fleet.Status.Services, s => Assert.Equal(ServicePhase.Active, s.State));
    }

    [Fact]
    public void The_address_is_that_of_the_listener()
    {
        var fleet = Settled();
        Assert.Null(fleet.Status.Url);
        fleet.Parent = Gateway;
        fleet.Pass();
        Assert.Equal("http://shop.example.com:8000", fleet.Status.Url);
        Assert.Equal(["http://shop.example.com:8000/web", "http://chat.example.com:8000/c.v1.C/"], fleet.Status.Services.Select(s => s.Url));

        fleet.App = fleet.App.With(Spec.Replace(", sectionName: http", "", StringComparison.Ordinal).Replace(", hostnames: [shop.example.com]", "", StringComparison.Ordinal));
        fleet.Settle();
        Assert.Equal("https://[fd00::7]:8443", fleet.Status.Url);
    }

    [Fact]
    public void From_a_gateway_of_its_own_to_the_Gateway_API_and_back_nothing_is_left()
    {
        var fleet = Settled();
        Assert.Null(fleet.Cluster.Find("Deployment/shop-gateway"));
        fleet.App = fleet.App.With("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]\ngateway: {}");
        fleet.Settle();
        Assert.NotNull(fleet.Cluster.Find("Deployment/shop-gateway"));
        Assert.DoesNotContain(fleet.Cluster.All, o => o.Resource == Resources.HttpRoutes || o.Resource == Resources.GrpcRoutes);
    }

    private static SimulatedFleet Settled()
    {
        var fleet = new SimulatedFleet(Given.App(Spec));
        fleet.Settle();
        return fleet;
    }

    private static (ConditionStatus Status, string Reason) Routes(SimulatedFleet fleet) =>
        fleet.Condition(Conditions.RoutesProgrammed) is { } routes ? (routes.Status, routes.Reason) : throw new InvalidOperationException("no such condition");

    private static void Answer(SimulatedFleet fleet, string route, string? refused = null, string reason = "Accepted", long generation = 1, string section = "http") =>
        fleet.Cluster.Edit(route, "a-controller", json => json["status"] = new JsonObject
        {
            ["parents"] = new JsonArray(new JsonObject
            {
                ["controllerName"] = "example.com/gateway",
                ["parentRef"] = new JsonObject { ["name"] = "eg", ["namespace"] = "gates", ["sectionName"] = section },
                ["conditions"] = new JsonArray([.. ((string[])["Accepted", "ResolvedRefs"]).Select(type => new JsonObject
                {
                    ["type"] = type, ["status"] = type == refused ? "False" : "True", ["reason"] = reason, ["message"] = "as the controller says", ["observedGeneration"] = generation,
                })]),
            }),
        });

    private static JsonObject Listener(string name, string protocol, int port) => new() { ["name"] = name, ["protocol"] = protocol, ["port"] = port };
}
