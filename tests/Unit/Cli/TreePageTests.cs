using System.Text.Json.Nodes;
using Fleet.Cli;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Cli;

public class TreePageTests
{
    [Theory, GoldenCases("Cli/tree")]
    public void Page_is_what_the_golden_file_says(GoldenCase c)
    {
        var tree = Tree(c.Text("facts.yaml"), all: false);
        c.Verify("page.txt", Examples.Plain(TreePage.Of([("demo", tree)], withNamespace: false, FactsFile.Now)));
        c.Verify("tree.json", Documents.Json(TreePage.Document(tree)));
    }

    [Fact]
    public void Empty_ReplicaSets_are_shown_when_all_are_asked_for()
    {
        var facts = File.ReadAllText(RepositoryRoot.Combine("tests", "Unit", "Cli", "tree", "shop", "facts.yaml"));
        Assert.DoesNotContain("shop-users-old", Page(all: false), StringComparison.Ordinal);
        var page = Page(all: true);
        Assert.InRange(page.IndexOf("shop-users-new", StringComparison.Ordinal), 0, page.IndexOf("shop-users-old", StringComparison.Ordinal)); // the newest revision first

        string Page(bool all) => Examples.Plain(TreePage.Of([("demo", Tree(facts, all))], withNamespace: true, FactsFile.Now));
    }

    [Fact]
    public void An_app_that_no_operator_has_seen_shows_the_services_of_its_spec()
    {
        var app = Examples.WithStatus("observedGeneration: 0") with { Status = null };
        Assert.Equal(["auth", "users", "orders", "gateway"], ObjectTree.Of(app, [], all: false).Children.Select(n => n.Name));
    }

    [Theory]
    [InlineData(5, "5s")]
    [InlineData(119, "119s")]
    [InlineData(130, "2m10s")]
    [InlineData(900, "15m")]
    [InlineData(12000, "3h20m")]
    [InlineData(100000, "27h")]
    [InlineData(190000, "2d4h")]
    [InlineData(864000, "10d")]
    [InlineData(-3, "0s")]
    public void Ages_are_as_kubectl_writes_them(int seconds, string text) => Assert.Equal(text, Age.Of(FactsFile.Now.AddSeconds(-seconds), FactsFile.Now));

    private static TreeNode Tree(string yaml, bool all)
    {
        var facts = FactsFile.Read(yaml);
        return ObjectTree.Of(facts.App, facts.Objects, all);
    }
}
