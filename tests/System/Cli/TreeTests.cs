using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Cli;

/// <summary><c>fleet tree</c> and <c>fleet events</c> of a running shop.</summary>
public partial class TreeTests(ITestOutputHelper output) : CliTest(output)
{
    [Fact]
    public async Task A_tree_leads_from_the_app_to_its_pods()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var page = (await FleetAsync("tree", "shop")).Succeeded().Out;
        Assert.Matches(@"^NAME +READY +STATUS +RESTARTS +AGE\nMicroserviceApp/shop +4/4 +Ready ", page);
        Assert.Matches(
            @"├─ users +1/1 +Active .*\n│  ├─ Deployment/shop-users +1/1 +Complete .*\n│  │  └─ ReplicaSet/shop-users-\w+ +1/1 .*\n│  │     └─ Pod/shop-users-\w+-\w+ +1/1 +Running +0 ", page);
        Assert.Contains("ConfigMap/shop-routes", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', page);

        // A new template leaves an empty ReplicaSet behind, which is hidden.
        await Kubectl.RunAsync(["patch", "msa/shop", "--type=merge", "--patch", """{"spec":{"commonLabels":{"team":"blue"}}}"""]);
        await ReadyAsync();
        await Eventually.True(async () => Sets((await FleetAsync("tree", "shop")).Succeeded().Out) == 1);
        Assert.Equal(2, Sets((await FleetAsync("tree", "shop", "--all")).Succeeded().Out));

        var tree = JsonNode.Parse((await FleetAsync("tree", "shop", "-o", "json")).Succeeded().Out)!;
        var users = tree["children"]!.AsArray().First(n => (string?)n!["name"] == "users")!;
        Assert.Equal("Pod", (string?)users["children"]![0]!["children"]![0]!["children"]![0]!["kind"]);
        Assert.Contains(Namespace, (await FleetAllAsync()).Succeeded().Out, StringComparison.Ordinal);

        static int Sets(string text) => Set().Count(text);
    }

    [Fact]
    public async Task Events_tell_the_story_of_the_app_and_of_nothing_else()
    {
        await Kubectl.RunAsync("create deployment stranger --image=other:1");
        await StartOperatorAsync();
        await ReadyShopAsync();
        await Kubectl.RunAsync("delete deployment shop-auth");
        await ReadyAsync();
        var events = await Eventually.That(
            async () => (await FleetAsync("events", "shop")).Succeeded().Out,
            text => text.Contains("Deployment/shop-auth", StringComparison.Ordinal) && text.Contains("MicroserviceApp/shop", StringComparison.Ordinal),
            describe: t => t);
        Assert.DoesNotContain("stranger", events, StringComparison.Ordinal);
        var times = events.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l[..20]).ToList();
        Assert.Equal(times.Order(StringComparer.Ordinal), times);
        var json = JsonNode.Parse((await FleetAsync("events", "shop", "-o", "json")).Succeeded().Out)!;
        Assert.All(json["items"]!.AsArray(), e => Assert.Equal("Event", (string?)e!["kind"]));
        Assert.Equal(1, (await FleetAsync("events", "nobody")).ExitCode);
    }

    private Task<CommandResult> FleetAllAsync() =>
        Command.RunAsync(OperatorProcess.DotNet, [OperatorProcess.Program, "tree", "-A", "--kubeconfig", Cluster.AdminKubeconfig], timeout: TimeSpan.FromMinutes(1));

    [GeneratedRegex(@"ReplicaSet/shop-users-\w+", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Set();
}
