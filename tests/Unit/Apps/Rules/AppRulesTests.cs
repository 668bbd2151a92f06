using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Xunit;

namespace Fleet.Unit.Apps;

public sealed class AppRulesTests
{
    [Theory]
    [MemberData(nameof(RefusedSpecs.Cases), MemberType = typeof(RefusedSpecs))]
    public void Every_broken_rule_is_told_at_its_path(string row) =>
        Assert.Equal(RefusedSpecs.Problems(row), Check(RefusedSpecs.Document(row)).Select(p => p.ToString()));

    [Theory]
    [MemberData(nameof(RefusedSpecs.Cases), MemberType = typeof(RefusedSpecs))]
    public void The_rows_fit_the_schema_unless_it_is_the_schema_that_refuses_them(string row) =>
        Assert.Equal(RefusedSpecs.Server(row) == "schema", SchemaValidator.Check(Crd.Schema, RefusedSpecs.Document(row)).Count > 0);

    [Fact]
    public void Every_CEL_rule_has_a_twin_here_with_the_same_words()
    {
        var told = RefusedSpecs.Names.Where(row => RefusedSpecs.Server(row) == "CEL")
            .SelectMany(row => Check(RefusedSpecs.Document(row))).Select(p => p.Message).ToArray();
        var unheard = Schemas.Within(Crd.Schema).SelectMany(s => s.Schema.Rules).Select(r => r.Message).Distinct()
            .Where(message => !told.Any(t => t.StartsWith(message, StringComparison.Ordinal)));
        Assert.Empty(unheard);
    }

    [Fact]
    public void A_row_that_CEL_refuses_is_told_in_words_of_the_CRD()
    {
        var messages = Schemas.Within(Crd.Schema).SelectMany(s => s.Schema.Rules).Select(r => r.Message).ToArray();
        foreach (var row in RefusedSpecs.Names)
        {
            var told = Check(RefusedSpecs.Document(row)).Any(p => messages.Any(m => p.Message.StartsWith(m, StringComparison.Ordinal)));
            Assert.True(told || RefusedSpecs.Server(row) != "CEL", row);
        }
    }

    [Theory]
    [InlineData("a circle", "DependencyCycle")]
    [InlineData("a service that depends on itself", "InvalidSpec")]
    public void A_circle_has_a_reason_of_its_own(string row, string reason) =>
        Assert.Equal(reason, Assert.Single(Check(RefusedSpecs.Document(row))).Reason);

    [Theory]
    [InlineData("the documented table", "services: [{ name: auth, port: 8001, protocol: HTTP/REST }, { name: users, port: 8002, protocol: HTTP/REST }, { name: orders, port: 8003, protocol: gRPC }]\ngateway: { port: 80 }")]
    [InlineData("no circle when the default is turned off", "services: [{ name: users, port: 8002, protocol: HTTP/REST, dependsOn: [orders] }, { name: orders, port: 8003, protocol: gRPC, dependsOn: [] }]")]
    [InlineData("a diamond is no circle", "services: [{ name: a, image: x, port: 80, protocol: HTTP, dependsOn: [b, c] }, { name: b, image: x, port: 80, protocol: HTTP, dependsOn: [d] }, { name: c, image: x, port: 80, protocol: HTTP, dependsOn: [d] }, { name: d, image: x, port: 80, protocol: HTTP }]")]
    [InlineData("replicas with a database", "services: [{ name: users, port: 8002, protocol: HTTP/REST, replicas: 2, env: [{ name: ConnectionStrings__Default, value: x }] }]")]
    [InlineData("replicas with a database that a Secret may hold", "services: [{ name: users, port: 8002, protocol: HTTP/REST, replicas: 2, envFrom: [{ secretRef: { name: s } }] }]")]
    [InlineData("replicas with a database that the pod template may hold", "services: [{ name: users, port: 8002, protocol: HTTP/REST, replicas: 2, podTemplate: {} }]")]
    [InlineData("replicas of a service that does not run", "services: [{ name: users, port: 8002, protocol: HTTP/REST, replicas: 2, state: Inactive }]")]
    [InlineData("replicas of an image of one's own", "services: [{ name: users, image: x, port: 8002, protocol: HTTP/REST, replicas: 2 }]")]
    [InlineData("one path on two hosts", "services: [{ name: a, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /, hostnames: [a.example.com] } }, { name: b, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /, hostnames: [b.example.com] } }]\ngateway: {}")]
    [InlineData("a host beats any host", "services: [{ name: a, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /, hostnames: [] } }, { name: b, image: x, port: 80, protocol: HTTP, route: { pathPrefix: / } }]\ngateway: { hostnames: [b.example.com] }")]
    [InlineData("one path, but one is not routed", "services: [{ name: a, image: x, port: 80, protocol: HTTP, route: { enabled: false } }, { name: b, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /a } }]\ngateway: {}")]
    [InlineData("one path, but one is inactive", "services: [{ name: a, image: x, port: 80, protocol: HTTP, state: Inactive }, { name: b, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /a } }]\ngateway: {}")]
    [InlineData("one path, but no gateway", "services: [{ name: a, image: x, port: 80, protocol: HTTP }, { name: b, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /a } }]")]
    [InlineData("a longer path", "services: [{ name: a, image: x, port: 80, protocol: HTTP }, { name: b, image: x, port: 80, protocol: HTTP, route: { pathPrefix: /a/b } }]\ngateway: {}")]
    [InlineData("amounts of one value", "services: [{ name: auth, port: 8001, protocol: HTTP/REST, resources: { requests: { cpu: 1000m, memory: 1024Mi }, limits: { cpu: 1, memory: 1Gi } } }]")]
    [InlineData("an amount beyond 32 bits", "services: [{ name: auth, port: 8001, protocol: HTTP/REST, resources: { requests: { memory: 4294967296 }, limits: { memory: 4Gi } } }]")]
    [InlineData("percentages that move", "services: [{ name: auth, port: 8001, protocol: HTTP/REST, strategy: { maxSurge: 0, maxUnavailable: 10% } }]")]
    [InlineData("a volume in the place of the image's own", "services: [{ name: auth, port: 8001, protocol: HTTP/REST, volumes: [{ name: data, mountPath: /data/, emptyDir: {} }] }]")]
    [InlineData("management on an image of one's own", "services: [{ name: a, image: x, port: 8081, protocol: HTTP, extraPorts: [{ name: management, port: 9000 }] }]")]
    [InlineData("a sidecar and other labels", "services: [{ name: auth, port: 8001, protocol: HTTP/REST, podTemplate: { metadata: { labels: { tier: front, gone: null } }, spec: { containers: [{ name: side, image: x }] } } }]")]
    [InlineData("a list of containers of one's own", "services: [{ name: auth, port: 8001, protocol: HTTP/REST, podTemplate: { spec: { containers: [{ $patch: replace }, { name: auth, image: x }] } } }]")]
    public void What_is_right_is_accepted(string _, string spec) => Assert.Empty(Check(Documents.Of(spec)));

    [Fact]
    public void An_app_that_cannot_be_read_has_that_one_problem()
    {
        var app = new MicroserviceApp { Spec = new() { Services = [] }, Unreadable = "spec.driftPolicy: not a value this version of the operator knows" };
        var problem = Assert.Single(AppRules.Check(EffectiveApp.Of(app, RefusedSpecs.Settings)));
        Assert.Equal(app.Unreadable, problem.ToString());
    }

    private static IReadOnlyList<Problem> Check(JsonObject document) =>
        AppRules.Check(EffectiveApp.Of(document.Deserialize(AppsJson.Default.MicroserviceApp)!, RefusedSpecs.Settings));
}
