using Fleet.Kubernetes;
using Fleet.Local.Controllers;
using Xunit;
using static Fleet.Unit.Local.Controllers.Workloads;

namespace Fleet.Unit.Local.Controllers;

public class EndpointTests
{
    private static readonly KubeObject Service = Made("{ selector: { app: web }, ports: [{ name: main, port: 80, targetPort: http }] }");

    [Fact]
    public void Ready_serving_and_terminating_are_three_things()
    {
        var endpoints = ServiceEndpoints.Of(Service, [
            Pod("a", ip: "198.18.0.1"), Pod("b", ready: false, ip: "198.18.0.2"), Pod("c", more: "{ deletionTimestamp: '2026-01-02T03:04:05Z' }", ip: "198.18.0.3"),
            Pod("over", phase: "Succeeded"), Pod("other", more: "{ labels: { app: other } }"), Pod("homeless", ip: "''")]);
        var slice = Assert.Single(EndpointSlicePlan.For(Service, endpoints, []).Create);
        Assert.Equal(
            ["198.18.0.1 True True False", "198.18.0.2 False False False", "198.18.0.3 False True True"],
            slice.At("endpoints").Items().Select(e => $"{e.At("addresses").Items().Single().Text()} {e.At("conditions", "ready").IsTrue()} {e.At("conditions", "serving").IsTrue()} {e.At("conditions", "terminating").IsTrue()}"));
        var old = EndpointsPlan.For(Service, endpoints);
        Assert.Equal("198.18.0.1", old.At("subsets").Items().Single().At("addresses").Items().Single().At("ip").Text());
        Assert.Equal("198.18.0.2", old.At("subsets").Items().Single().At("notReadyAddresses").Items().Single().At("ip").Text());
    }

    [Fact]
    public void Pods_with_other_ports_have_a_slice_of_their_own()
    {
        var json = Pod("b").Object.ToJsonObject();
        json["spec"]!["containers"]![0]!["ports"]![0]!["containerPort"] = 9090;
        var plan = EndpointSlicePlan.For(Service, ServiceEndpoints.Of(Service, [Pod("a"), new PodState(KubeObject.From(Resources.Pods, json))]), []);
        Assert.Equal([8080, 9090], plan.Create.Select(s => s.At("ports").Items().Single().At("port").Int()!.Value).Order());
    }

    [Fact]
    public void A_slice_that_says_the_same_is_left_alone_and_one_that_is_not_needed_goes()
    {
        var endpoints = ServiceEndpoints.Of(Service, [Pod("a")]);
        var made = EndpointSlicePlan.For(Service, endpoints, []).Create.Single();
        var again = EndpointSlicePlan.For(Service, endpoints, [made, Copy(made, "z")]);
        Assert.Empty(again.Create);
        Assert.Empty(again.Update);
        Assert.Equal("z", Assert.Single(again.Delete).Metadata.Name);
        Assert.Single(EndpointSlicePlan.For(Service, ServiceEndpoints.Of(Service, [Pod("a", ready: false)]), [made]).Update);
    }

    [Fact]
    public void A_service_without_pods_has_an_empty_slice()
    {
        var plan = EndpointSlicePlan.For(Service, [], []);
        Assert.Empty(plan.Create.Single().At("endpoints").Items());
        Assert.False(EndpointsPlan.For(Service, []).Json.TryGetProperty("subsets", out _));
    }

    [Theory]
    [InlineData("{ selector: { app: web }, type: ExternalName }", true)]
    [InlineData("{ ports: [] }", true)]
    [InlineData("{ selector: {} }", true)]
    [InlineData("{ selector: { app: web } }", false)]
    public void Some_services_are_someone_elses(string spec, bool foreign) => Assert.Equal(foreign, ServiceEndpoints.AreForeign(Made(spec)));

    private static KubeObject Made(string spec) =>
        KubeObject.From(Resources.Services, Yaml.ParseOne($"{{ metadata: {{ name: web, namespace: demo, uid: u-svc }}, spec: {spec} }}").AsObject());

    private static KubeObject Copy(KubeObject slice, string name)
    {
        var json = slice.ToJsonObject();
        json["metadata"]!["name"] = name;
        return KubeObject.From(slice.Resource, json);
    }
}
