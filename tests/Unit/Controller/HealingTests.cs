using System.Net;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

/// <summary>One failed request costs time and nothing else: what comes out is what comes out without it.</summary>
public class HealingTests
{
    private const string Before = """
        services:
        - { name: web, image: web:1, protocol: HTTP, port: 80 }
        - { name: api, image: api:1, protocol: HTTP, port: 81 }
        - { name: old, image: old:1, protocol: HTTP, port: 82 }
        gateway: {}
        """;

    private const string After = """
        services:
        - { name: web, image: web:2, protocol: HTTP, port: 80 }
        - { name: api, image: api:1, protocol: HTTP, port: 81 }
        - { name: more, image: more:1, protocol: HTTP, port: 83 }
        gateway: {}
        """;

    private static readonly Lazy<Task<string>> WithoutFault = new(async () =>
    {
        using var passes = await ChangingAsync();
        Assert.Equal(0, await passes.SettleAsync());
        return Shown(passes);
    });

    [Theory, EveryVerb]
    public async Task An_app_settles_after_one_failed_request(string verb, string failure)
    {
        using var passes = await ChangingAsync();
        var left = 1;
        passes.Server.Fault = (request, carryOut) => request.StartsWith($"{verb} ", StringComparison.Ordinal) && left-- > 0 ? Fail(failure, carryOut) : carryOut();
        await passes.SettleAsync();

        Assert.True(left <= 0, $"nothing was asked to {verb}");
        Assert.Equal("True Ready", passes.Ready);
        Assert.Equal(await WithoutFault.Value, Shown(passes));
        Assert.Null(passes.Refusals.Next(new(FakeCluster.Namespace, "shop")));
        // What was counted in a status whose answer was lost is counted again; nothing else is.
        Assert.InRange(passes.Status.Drift!.Count, 2, (verb, failure) == ("status", "cut after") ? 4 : 2);
        Assert.Contains($"{passes.Status.Drift.Last!.Object} {passes.Status.Drift.Last.Field}", (string[])["Deployment/shop-api .spec.replicas", "Service/shop-api .metadata.labels[fleet.microservices.dev/app]"]);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("apply")]
    [InlineData("status")]
    public async Task An_app_settles_after_a_server_that_was_away_for_a_while(string verb)
    {
        using var passes = await ChangingAsync();
        var until = passes.Time.GetUtcNow().AddSeconds(20);
        passes.Server.Fault = (request, carryOut) => request.StartsWith($"{verb} ", StringComparison.Ordinal) && passes.Time.GetUtcNow() < until ? Fail("503", carryOut) : carryOut();
        await passes.SettleAsync();
        Assert.Equal("True Ready", passes.Ready);
        Assert.Equal(await WithoutFault.Value, Shown(passes));
    }

    private static HttpResponseMessage Fail(string failure, Func<HttpResponseMessage> carryOut)
    {
        switch (failure)
        {
            case "403":
                return ClusterServer.Refusal(HttpStatusCode.Forbidden, "Forbidden", "deployments.apps is forbidden: User \"fleet\" cannot create resource \"deployments\"");
            case "cut before":
                throw new HttpRequestException("connection refused");
            case "cut after":
                carryOut().Dispose();
                throw new IOException("the connection was cut");
            default:
                return ClusterServer.Refusal((HttpStatusCode)int.Parse(failure), failure == "409" ? "Conflict" : "");
        }
    }

    // A settled app of which everything changes at once, so that every verb is needed: an image, a new service, one that goes, a label that somebody took
    // off, and a scale.
    private static async Task<Passes> ChangingAsync()
    {
        var passes = new Passes(Given.App(Before));
        await passes.SettleAsync();
        passes.Cluster.Edit("Service/shop-api", "kubectl", json => json["metadata"]!["labels"]!.AsObject().Remove(Keys.App));
        passes.Cluster.Edit("Deployment/shop-api", "kubectl", json => json["spec"]!["replicas"] = 5);
        passes.Server.Store(passes.Server.App.With(After));
        passes.Deliver();
        return passes;
    }

    // What users see of it, without the marks of when and how often it was written.
    private static string Shown(Passes passes) => Yaml.WriteAll(passes.Cluster.All.Select(o =>
    {
        var json = o.ToJsonObject();
        var metadata = json["metadata"]!.AsObject();
        foreach (var mark in new[] { "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields" })
            metadata.Remove(mark);
        (json["spec"] as JsonObject)?.Remove("clusterIP");
        json.Remove("status");
        return (JsonNode?)json;
    }));
}
