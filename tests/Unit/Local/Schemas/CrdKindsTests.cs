using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class CrdKindsTests
{
    private static readonly ServedKind Apps = CrdKinds.Of(Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("crds", "microserviceapps.yaml"))).Single()!.AsObject()).Single();

    public static TheoryData<string> Examples => [.. Directory.EnumerateFiles(RepositoryRoot.Combine("crds", "examples"), "*.yaml").Select(f => Path.GetFileName(f)!)];

    [Fact]
    public void The_kind_of_the_operator_is_served_as_its_definition_says()
    {
        Assert.Equal(new("fleet.microservices.dev", "v1", "MicroserviceApp", "microserviceapps"), Apps.Resource);
        Assert.Equal("microserviceapp MicroserviceAppList msa all True True", $"{Apps.Singular} {Apps.ListKind} {Apps.ShortNames[0]} {Apps.Categories[0]} {Apps.HasStatus} {Apps.HasGeneration}");
        Assert.Equal("dev.microservices.fleet.v1.MicroserviceApp", Apps.Shape.Name);
        var services = Apps.Shape.Fields["spec"].Shape.Fields["services"].Shape;
        Assert.Equal("name", Assert.Single(services.Keys));
        Assert.True(services.Items!.Fields["podTemplate"].Shape.KeepsUnknown);
    }

    [Theory, MemberData(nameof(Examples))]
    public void An_example_is_stored_as_it_is_written(string file)
    {
        foreach (var app in Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("crds", "examples", file))).Cast<JsonObject>().Where(o => (string?)o["kind"] == "MicroserviceApp"))
        {
            Assert.Null(ShapeDecoding.Refusal(Apps, app));
            var (pruned, unknown) = ShapePruning.Prune(Apps, app);
            Assert.Empty(unknown);
            var stored = ShapeDefaults.Apply(Apps, pruned);
            Assert.Empty(ShapeCheck.Check(Apps, stored));
            Assert.True(JsonNode.DeepEquals(app, stored), stored.ToJsonString());
        }
    }

    [Fact]
    public void The_definition_itself_is_stored_as_it_is_written()
    {
        var crd = Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("crds", "microserviceapps.yaml"))).Single()!.AsObject();
        var kind = Served.Kind("customresourcedefinitions");
        Assert.Empty(ShapePruning.Prune(kind, crd).Unknown);
        var stored = ShapeDefaults.Apply(kind, crd);
        Assert.Empty(ShapeCheck.Check(kind, stored));
        Assert.True(JsonNode.DeepEquals(crd["spec"]!["versions"], stored["spec"]!["versions"]));
    }

    [Fact]
    public void A_version_that_is_not_served_is_no_kind()
    {
        var crd = Served.Documents("bars.yaml")[0].DeepClone().AsObject();
        crd["spec"]!["versions"]![0]!["served"] = false;
        Assert.Empty(CrdKinds.Of(crd));
    }

    [Fact]
    public void Scale_says_where_the_replicas_are()
    {
        var crd = Served.Documents("bars.yaml")[0].DeepClone().AsObject();
        crd["spec"]!["versions"]![0]!["subresources"] = new JsonObject { ["scale"] = new JsonObject { ["specReplicasPath"] = ".spec.i", ["statusReplicasPath"] = ".status.i" } };
        Assert.Equal(new ScalePaths(".spec.i", ".status.i", null), CrdKinds.Of(crd).Single().Scale);
    }
}
