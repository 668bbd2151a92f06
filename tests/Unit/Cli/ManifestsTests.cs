using Fleet.Cli;
using Xunit;

namespace Fleet.Unit.Cli;

public class ManifestsTests
{
    [Fact]
    public void An_app_gets_the_namespace_of_the_command_or_the_usual_one()
    {
        Assert.Equal("default", Assert.Single(Read(Examples.Shop).Apps).Metadata.Namespace);
        Assert.Equal("demo", Assert.Single(Read(Examples.Shop, "demo").Apps).Metadata.Namespace);
        Assert.Equal("own", Assert.Single(Read(InNamespace("own")).Apps).Metadata.Namespace);
        Assert.Equal("own", Assert.Single(Read(InNamespace("own"), "own").Apps).Metadata.Namespace);
    }

    [Fact]
    public void Two_namespaces_are_a_problem()
    {
        Assert.Equal("a.yaml: metadata.namespace: is own, but the command says --namespace demo: take one of them away", Assert.Single(Read(InNamespace("own"), "demo").Problems));
    }

    [Fact]
    public void Every_problem_is_told_with_its_file_and_field()
    {
        var text = Examples.Shop.Replace("port: 8001", "port: 80011", StringComparison.Ordinal).Replace("protocol: gRPC", "protocol: REST", StringComparison.Ordinal);
        var problems = Read(text).Problems;
        Assert.Equal(2, problems.Length);
        Assert.StartsWith("a.yaml: spec.services[0].port: ", problems[0], StringComparison.Ordinal);
        Assert.StartsWith("a.yaml: spec.services[2].protocol: ", problems[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_are_several_apps_a_problem_says_which()
    {
        var text = $"{Examples.Shop}\n---\n{Examples.Shop.Replace("shop", "blog", StringComparison.Ordinal).Replace("8001", "0", StringComparison.Ordinal)}";
        var read = Read(text);
        Assert.Equal(["shop", "blog"], read.Apps.Select(a => a.Metadata.Name));
        Assert.StartsWith("a.yaml: MicroserviceApp/blog: spec.services[0].port: ", Assert.Single(read.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_kinds_are_passed_over_with_a_note()
    {
        var read = Read($"kind: Secret\nmetadata: {{ name: db }}\n---\n{Examples.Shop}\n---\nkind: ConfigMap\n---\nplain text");
        Assert.Empty(read.Problems);
        Assert.Equal("shop", Assert.Single(read.Apps).Metadata.Name);
        Assert.Equal("a.yaml: passed over, being no MicroserviceApp: Secret/db, ConfigMap, something without a kind", Assert.Single(read.Notes));
    }

    [Fact]
    public void What_is_meant_for_us_and_misspelt_is_not_passed_over()
    {
        Assert.StartsWith("a.yaml: apiVersion: must be fleet.microservices.dev/v1", Assert.Single(Read(Examples.Shop.Replace("dev/v1", "dev/v2", StringComparison.Ordinal)).Problems), StringComparison.Ordinal);
        Assert.StartsWith("a.yaml: apiVersion: must be fleet.microservices.dev/v1", Assert.Single(Read(Examples.Shop.Replace("fleet.micro", "fleets.micro", StringComparison.Ordinal)).Problems), StringComparison.Ordinal);
        Assert.StartsWith("a.yaml: kind: must be MicroserviceApp", Assert.Single(Read(Examples.Shop.Replace("App\n", "Ap\n", StringComparison.Ordinal)).Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "a.yaml: holds no MicroserviceApp (fleet.microservices.dev/v1)")]
    [InlineData("kind: Secret", "a.yaml: holds no MicroserviceApp (fleet.microservices.dev/v1)")]
    [InlineData("a: [", "a.yaml: line ")]
    public void A_file_without_an_app_is_a_problem(string text, string problem) => Assert.StartsWith(problem, Assert.Single(Read(text).Problems), StringComparison.Ordinal);

    [Fact]
    public void A_List_is_unpacked()
    {
        var app = Fleet.Kubernetes.Yaml.ParseOne(Examples.Shop).ToJsonString();
        Assert.Equal("shop", Assert.Single(Read($$"""{"apiVersion":"v1","kind":"List","items":[{{app}},{"kind":"Secret"}]}""").Apps).Metadata.Name);
    }

    private static Manifests Read(string text, string? ns = null) => Manifests.Read([("a.yaml", text)], ns, "default", Examples.Settings);

    private static string InNamespace(string ns) => Examples.Shop.Replace("{ name: shop }", $"{{ name: shop, namespace: {ns} }}", StringComparison.Ordinal);
}
