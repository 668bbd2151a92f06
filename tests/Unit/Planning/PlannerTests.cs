using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Planning;

/// <summary>
/// What objects a spec becomes. A case <c>example-X</c> without an app.yaml plans crds/examples/X.yaml. plan.yaml begins with what is not an object, if
/// there is any: why the spec is refused, what is held back, who waits for whom.
/// </summary>
public class PlannerTests
{
    [Theory, GoldenCases("Planning/cases")]
    public void Plan_is_what_the_golden_file_says(GoldenCase c)
    {
        var app = Read(c);
        var file = c.Has("world.yaml") ? Yaml.ParseOne(c.Text("world.yaml")).AsObject() : [];
        var plan = Planner.Plan(app, WorldFile.Read(file, app), Given.Settings);
        var objects = plan.Desired.Where(d => WorldFile.Shows(file, d.Object)).Select(d => (JsonNode?)d.Object.ToJsonObject());
        c.Verify("plan.yaml", Yaml.WriteAll([.. Verdict(plan) is { Count: > 0 } verdict ? [verdict] : Array.Empty<JsonNode?>(), .. objects]));
    }

    [Theory, GoldenCases("Planning/cases")]
    public void The_same_app_gives_the_same_bytes(GoldenCase c)
    {
        var app = Read(c);
        var file = c.Has("world.yaml") ? Yaml.ParseOne(c.Text("world.yaml")).AsObject() : [];
        Assert.Equal(Bytes(Planner.Plan(app, WorldFile.Read(file, app), Given.Settings)), Bytes(Planner.Plan(Read(c), WorldFile.Read(file, app), Given.Settings)));
    }

    [Fact]
    public void The_order_of_services_is_not_in_the_routes()
    {
        var app = Read("example-shop-full");
        var turned = app.With(s => s with { Services = [.. s.Services.Reverse()] });
        Assert.Equal(Routes(app), Routes(turned));
    }

    [Fact]
    public void The_order_of_services_changes_no_object()
    {
        var app = Given.Shop();
        var turned = app.With(s => s with { Services = [.. s.Services.Reverse()] });
        Assert.Equal(Fingerprints(app), Fingerprints(turned));
    }

    [Fact]
    public void A_plan_made_offline_has_the_fingerprints_of_one_made_in_the_cluster()
    {
        var app = Given.Shop();
        var offline = app with { Metadata = new() { Name = "shop", Namespace = "demo" } };
        Assert.Equal(Fingerprints(app), Fingerprints(offline));
    }

    [Fact]
    public void Every_object_is_owned_by_the_app_and_does_not_hold_up_its_deletion()
    {
        foreach (var planned in Planner.Plan(Given.Shop(), Observed.Nothing, Given.Settings).Desired)
        {
            var owner = Assert.Single(planned.Object.Metadata.OwnerReferences!);
            Assert.Equal(("uid-of-shop", true, false), (owner.Uid, owner.Controller, owner.BlockOwnerDeletion));
        }
    }

    [Fact]
    public void A_suspended_app_is_planned_like_any_other() =>
        Assert.Equal(Fingerprints(Given.Shop()), Fingerprints(Given.Shop().With(s => s with { Suspend = true })));

    [Fact]
    public void Config_goes_before_what_reads_it() =>
        Assert.Equal(
            ["ServiceAccount", "ConfigMap", "Role", "RoleBinding", "Service", "Deployment"],
            Planner.Plan(Given.Shop(), Observed.Nothing, Given.Settings).Desired.Select(d => d.Object.Resource.Kind).Distinct());

    [Fact]
    public void An_upgrade_of_the_server_from_1_23_to_1_24_changes_gRPC_probes_only()
    {
        var app = Given.App("services: [{ name: pay, image: pay:1, protocol: gRPC, port: 9000 }, { name: web, image: web:1, protocol: HTTP, port: 9001 }]");
        var (before, after) = (Fingerprints(app, ClusterFeatures.Of(new(1, 23, "v1.23.17"))), Fingerprints(app, ClusterFeatures.Of(new(1, 24, "v1.24.0"))));
        Assert.Equal(["Deployment/shop-pay"], after.Except(before).Select(f => f.Split(' ')[0]));
    }

    [Theory]
    [InlineData("spec: no pod")]
    [InlineData("spec: [1]")]
    [InlineData("metadata: text")]
    [InlineData("spec: { containers: { name: web } }")]
    [InlineData("spec: { containers: [text] }")]
    [InlineData("spec: { containers: [{ name: web, env: [{ name: A, valueFrom: text }], envFrom: [text], ports: [80] }], volumes: [{ name: v, configMap: text, projected: [] }] }")]
    [InlineData("spec: { containers: [{ name: web, env: { A: b } }], volumes: text }")]
    [InlineData("spec: { volumes: [{ name: v, secret: { secretName: 7, items: text } }] }")]
    [InlineData("spec: null")]
    [InlineData("spec: { $patch: delete }")]
    [InlineData("{}")]
    public void A_podTemplate_of_any_shape_is_planned_or_refused(string overlay)
    {
        var app = Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]");
        app = app.With(s => s with { Services = [s.Services[0] with { PodTemplate = Yaml.ParseOne(overlay).AsObject() }] });
        Assert.Empty(Planner.References(app, Given.Settings));
        var plan = Planner.Plan(app, Observed.Nothing, Given.Settings);
        Assert.True(plan.Effective is null ? !plan.Problems.IsEmpty : !plan.Desired.IsEmpty);
    }

    [Fact]
    public void What_must_be_known_is_every_ConfigMap_and_Secret_that_pods_and_pulls_use() =>
        Assert.Equal(
            ["ConfigMap/shop-settings", "Secret/catalog-keys", "Secret/registry-login", "Secret/shop-database", "Secret/shop-tls"],
            Planner.References(Read("example-shop-full"), Given.Settings).Select(k => k.ToString()).Order(StringComparer.Ordinal));

    private static MicroserviceApp Read(GoldenCase c) => c.Has("app.yaml") ? Given.Read(Yaml.ParseOne(c.Text("app.yaml"))) : Read(c.Name);

    private static MicroserviceApp Read(string example) =>
        Given.Read(Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("crds", "examples", $"{example["example-".Length..]}.yaml")))[0]);

    private static JsonObject Verdict(AppPlan plan)
    {
        var verdict = new JsonObject();
        if (!plan.Problems.IsEmpty)
            verdict["refused"] = new JsonArray([.. plan.Problems.Select(p => JsonValue.Create($"{p.Reason}: {p}"))]);
        if (!plan.WaitsFor.IsEmpty)
            verdict["waits"] = new JsonObject(plan.WaitsFor.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => KeyValuePair.Create(w.Key, (JsonNode?)string.Join(", ", w.Value))));
        if (plan.Desired.Any(d => d.Held is not null))
            verdict["held"] = new JsonObject(plan.Desired.Where(d => d.Held is not null).Select(d => KeyValuePair.Create(d.Object.Id, (JsonNode?)$"{d.Held!.Reason}: {d.Held.Message}")));
        return verdict;
    }

    private static string Bytes(AppPlan plan) => string.Concat(plan.Desired.Select(d => d.Object.Json.GetRawText()));

    private static string Routes(MicroserviceApp app) => Planner.Plan(app, Observed.Nothing, Given.Settings).Desired
        .Single(d => d.Object.Resource == Resources.ConfigMaps).Object.Part("data").GetProperty(RoutesConfig.FileName).GetString()!;

    private static string[] Fingerprints(MicroserviceApp app, ClusterFeatures? features = null) =>
    [
        .. Planner.Plan(app, new() { Features = features ?? ClusterFeatures.Current }, Given.Settings).Desired
            .Select(d => $"{d.Object.Id} {d.Fingerprint}").Order(StringComparer.Ordinal),
    ];
}
