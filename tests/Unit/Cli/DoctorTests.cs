using System.Collections.Immutable;
using System.Reflection;
using Fleet.Apps;
using Fleet.Cli;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Cli;

/// <summary>What <c>fleet doctor</c> makes of a cluster: a folder per case, the facts in and the page out.</summary>
public class DoctorTests
{
    [Theory, GoldenCases("Cli/doctor")]
    public void Page_is_what_the_golden_file_says(GoldenCase c)
    {
        var facts = FactsFile.Read(c.Text("facts.yaml"));
        c.Verify("page.txt", Examples.Plain(new DoctorPage("demo", facts.Name, Diagnosis.Of(facts), []).Lines));
    }

    [Theory, GoldenCases("Cli/doctor")]
    public void Whatever_is_not_Ready_has_one_next_step_and_its_reason_is_in_the_catalogue(GoldenCase c)
    {
        var facts = FactsFile.Read(c.Text("facts.yaml"));
        var findings = Diagnosis.Of(facts);
        Assert.Equal(facts.Condition(Conditions.Ready)?.Status == ConditionStatus.True, findings.IsEmpty);
        Assert.All(findings, f =>
        {
            Assert.NotEmpty(f.Next);
            Assert.NotNull(Catalogue.Own.Meaning(f.Reason));
        });
    }

    [Fact]
    public void Every_reason_and_cause_is_in_the_catalogue()
    {
        var reasons = typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
        Assert.Empty(reasons.Except([Reasons.Ready, .. Catalogue.Own.Reasons]));
        Assert.Empty(Causes.All.Except(Catalogue.Own.Reasons));
    }

    [Fact]
    public void A_reason_that_is_not_known_here_is_told_with_the_advice_of_the_page()
    {
        var catalogue = Catalogue.Parse("| Status | Reason | What it means | What to do |\n|---|---|---|---|\n| False | `Odd` | something odd | mend it |\n| Unknown | `Odd` | again | |\n");
        Assert.Equal(("something odd", "mend it"), (catalogue.Meaning("Odd"), catalogue.Fix("Odd")));
        Assert.Null(catalogue.Fix("Reason"));
    }

    [Fact]
    public void Services_that_wait_in_a_ring_do_not_hang_it()
    {
        var facts = FactsFile.Read(File.ReadAllText(RepositoryRoot.Combine("tests", "Unit", "Cli", "doctor", "waits-for-another", "facts.yaml")));
        var rows = facts.Services.Select(s => s with { State = ServicePhase.Waiting, Message = $"waits for {(s.Name == "users" ? "orders" : "users")} to become Active" }).ToList();
        var ring = facts with { App = facts.App with { Status = facts.App.Status! with { Services = rows } } };
        Assert.Equal(["auth", "users", "orders"], WaitChain.From(ring, "auth").AsEnumerable());
    }

    [Theory]
    [InlineData("nginx", "docker.io")]
    [InlineData("library/nginx:1", "docker.io")]
    [InlineData("ghcr.io/a/b:1", "ghcr.io")]
    [InlineData("localhost/a", "localhost")]
    [InlineData("registry:5000/a", "registry:5000")]
    public void The_registry_of_an_image(string image, string registry) => Assert.Equal(registry, ImageCauses.RegistryOf(image));

    [Fact]
    public void Without_the_CRD_and_without_rights_the_command_is_told()
    {
        Assert.Equal("fleet crds | kubectl apply --validate=false -f -", ClusterCauses.NoCrd("fleet", knowsRules: false).Next);
        var refused = ClusterCauses.NotPermitted("microserviceapps.fleet.microservices.dev is forbidden: User \"ann\" cannot list resource \"microserviceapps\" in API group \"fleet.microservices.dev\" in the namespace \"demo\"", "demo");
        Assert.Equal(
            "ask somebody who may to grant it: kubectl -n demo create role fleet-view --verb=get,list,watch --resource=microserviceapps.fleet.microservices.dev && " +
            "kubectl -n demo create rolebinding fleet-view --role=fleet-view --user=ann",
            refused.Next);
    }

    [Fact]
    public void Programs_get_the_findings_as_they_are()
    {
        var finding = new Finding("CrashLooping", "users", "it ends", "read its log") { Because = ["exit code 3"], Waiting = ["orders"] };
        var document = new DoctorPage("demo", "shop", [finding], ["a note"]).Document;
        Assert.Equal(
            """{"namespace":"demo","name":"shop","ready":false,"findings":[{"reason":"CrashLooping","subject":"users","cause":"it ends","because":["exit code 3"],"waiting":["orders"],"next":"read its log"}],"notes":["a note"]}""",
            document.ToJsonString());
        Assert.True((bool)new DoctorPage("demo", "shop", ImmutableArray<Finding>.Empty, []).Document["ready"]!);
    }
}
