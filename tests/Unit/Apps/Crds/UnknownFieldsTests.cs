using System.Text;
using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Apps;

/// <summary>Fields of a newer CRD: left alone, and told.</summary>
public sealed class UnknownFieldsTests
{
    [Fact]
    public void They_are_named_by_path_and_the_rest_is_read()
    {
        var app = Read("""
            shiny: { deep: [1, 2] }
            services:
            - { name: web, port: 80, protocol: HTTP, image: "web:1", colour: blue, podTemplate: { spec: { anything: 1 } }, env: [{ name: A, value: b, secret: true }] }
            gateway: { port: 80, extra: 1 }
            commonLabels: { team: blue }
            """);
        Assert.Equal(["spec.shiny", "spec.services[0].colour", "spec.services[0].env[0].secret", "spec.gateway.extra"], app.UnknownFields.AsEnumerable());
        Assert.Equal("web", Assert.Single(app.Spec.Services).Name);
    }

    [Fact]
    public void A_spec_of_known_fields_has_none() => Assert.Empty(Read("services: [{ name: web, port: 80, protocol: HTTP, image: web }]").UnknownFields);

    [Fact]
    public void A_flood_of_them_does_not_fill_the_status()
    {
        var many = string.Concat(Enumerable.Range(0, 100).Select(i => $"f{i}: 1\n"));
        Assert.Equal(UnknownFields.Most, Read($"{many}services: [{{ name: web, port: 80, protocol: HTTP, image: web }}]").UnknownFields.Length);
    }

    [Fact]
    public void Accepted_names_them()
    {
        var app = Read("shiny: 1\nservices: [{ name: web, port: 80, protocol: HTTP, image: \"web:1\" }]");
        var plan = Planner.Plan(app, Observed.Nothing, Fleet.Testing.Given.Settings);
        var accepted = StatusBuilder.Of(plan, Observed.Nothing, [], [], Fleet.Testing.Given.Start).Status.Conditions.Single(c => c.Type == Conditions.Accepted);
        Assert.Equal((ConditionStatus.True, Reasons.Valid), (accepted.Status, accepted.Reason));
        Assert.EndsWith(": spec.shiny", accepted.Message, StringComparison.Ordinal);
    }

    private static MicroserviceApp Read(string spec)
    {
        var manifest = new System.Text.Json.Nodes.JsonObject
        {
            ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["name"] = "shop", ["namespace"] = "demo", ["uid"] = "1", ["generation"] = 1 },
            ["spec"] = Yaml.ParseOne(spec),
        };
        return MicroserviceApp.Type.Read(Encoding.UTF8.GetBytes(manifest.ToJsonString()));
    }
}
