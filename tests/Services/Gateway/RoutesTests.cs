using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.Testing;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>What is taken as routes, and how they are replaced in a gateway that runs.</summary>
public sealed class RoutesTests : IAsyncLifetime
{
    private Upstream _one = null!;
    private Upstream _two = null!;

    public async Task InitializeAsync() => (_one, _two) = (await Upstream.SayingAsync("one"), await Upstream.SayingAsync("two"));

    public async Task DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "", "JSON" },
        { "{", "JSON" },
        { "null", "no routes" },
        { "{}", "ReverseProxy" },
        { """{"ReverseProxy": {"Rutes": {}}}""", "Rutes" },
        { """{"ReverseProxy": {"Routes": {"a": {"ClusterId": "b", "Match": {"Path": "/a"}}}}}""", "there is no cluster b" },
        { """{"ReverseProxy": {"Routes": {"a": {"Match": {"Path": "/a"}}}}}""", "route a: ClusterId is missing" },
        { Route("""{"ClusterId": "c", "Match": {}}"""), "route a: Match needs a Path or Hosts" },
        { Route("""{"ClusterId": "c", "Match": {"Path": "/{a"}}"""), "the path /{a" },
        { Route("""{"ClusterId": "c", "Match": {"Path": "/a"}, "Transforms": [{"Nope": "x"}]}"""), "Nope" },
        { Route("""{"ClusterId": "c", "Match": {"Path": "/a"}, "AuthorizationPolicy": "x"}"""), "AuthorizationPolicy" },
        { Metadata("Fleet.Auth", "Maybe"), "Fleet.Auth is \"Maybe\", not one of None, Optional, Required" },
        { Metadata("Fleet.Aut", "Required"), "Fleet.Aut is not a setting" },
        { Metadata("Fleet.Protocol", "grpc"), "not one of HTTP, gRPC" },
        { Metadata("Fleet.TimeoutSeconds", "0"), "Fleet.TimeoutSeconds is \"0\"" },
        { Metadata("Fleet.Retries", "-1"), "Fleet.Retries is \"-1\"" },
        { Metadata("Fleet.RateLimit.Burst", "5"), "says nothing without" },
        { Cluster("""{"Destinations": {"d": {"Address": "here"}}}"""), "the address of destination d" },
        { Cluster("""{"Destinations": {}}"""), "there is no destination" },
        { Cluster("""{"Destinations": {"d": {"Address": "http://a"}}, "SessionAffinity": {"Enabled": true, "Policy": "HashCookie"}}"""), "SessionAffinity is not served" },
        { Cluster("""{"Destinations": {"d": {"Address": "http://a"}}, "LoadBalancingPolicy": "Random"}"""), "LoadBalancingPolicy" },
        { Cluster("""{"Destinations": {"d": {"Address": "http://a"}}, "HttpRequest": {"Version": "two"}}"""), "HttpRequest.Version two" },
        { Cluster("""{"Destinations": {"d": {"Address": "http://a"}}, "HttpRequest": {"VersionPolicy": "Exact"}}"""), "HttpRequest.VersionPolicy Exact" },
        { Cluster("""{"Destinations": {"d": {"Address": "http://a"}}, "Metadata": {"Fleet.Balancing": "Sticky"}}"""), "Fleet.Balancing Sticky" },
        { """{"ReverseProxy": {}, "Gateway": {"TrustedProxies": ["10.0.0.0/99"]}}""", "TrustedProxies: 10.0.0.0/99" },
        { """{"ReverseProxy": {}, "Gateway": {"Cors": {"AllowedOrigins": ["shop.example.com"]}}}""", "shop.example.com is not an origin" },
        { """{"ReverseProxy": {"Routes": {}, "Routes": {}}}""", "Routes" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task A_file_that_cannot_be_served_is_refused_and_the_last_good_one_stays(string text, string part)
    {
        await using var gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _one.Address));
        gateway.Write(text);
        var ready = await Eventually.That(() => gateway.Management.GetStringAsync("/healthz/ready"), r => r.Contains("warning", StringComparison.Ordinal));
        Assert.Contains(part, ready, StringComparison.Ordinal);
        Assert.Contains("the last good routes are served", ready, StringComparison.Ordinal);
        Assert.Contains("fleet_gateway_routes_source_healthy{source=\"file\"} 0", await gateway.Management.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal("one", await gateway.Http.GetStringAsync("/x"));

        await gateway.ReplaceAsync(RoutesFiles.Of("/", _two.Address));
        Assert.Equal("two", await gateway.Http.GetStringAsync("/x"));
        Assert.DoesNotContain("warning", await gateway.Management.GetStringAsync("/healthz/ready"), StringComparison.Ordinal);
        Assert.Contains("fleet_gateway_routes_source_healthy{source=\"file\"} 1", await gateway.Management.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_told_not_the_first()
    {
        var problem = Assert.Throws<RoutesException>(() => RoutesParser.Parse(Encoding.UTF8.GetBytes(
            """{"ReverseProxy": {"Routes": {"a": {"ClusterId": "x"}}, "Clusters": {"c": {}}}, "Gateway": {"TrustedProxies": ["y"]}}"""))).Message;
        Assert.All(["route a: Match", "no cluster x", "cluster c: there is no destination", "TrustedProxies: y"], p => Assert.Contains(p, problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Not_ready_until_routes_were_loaded_once_and_ready_when_the_file_appears()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-").FullName;
        var starting = TestGateway.StartInAsync(folder, null);
        await Task.Yield();
        Assert.False(starting.IsCompleted);
        await File.WriteAllTextAsync(Path.Combine(folder, "routes.json"), RoutesFiles.Of("/", _one.Address).ToJsonString());
        await using var gateway = await starting;
        Assert.Equal("one", await gateway.Http.GetStringAsync("/x"));
        File.Delete(gateway.RoutesFile);
        await Eventually.That(() => gateway.Management.GetStringAsync("/healthz/ready"), r => r.Contains("cannot be read", StringComparison.Ordinal));
        Assert.Equal("one", await gateway.Http.GetStringAsync("/x"));
    }

    [Fact]
    public async Task A_mounted_ConfigMap_is_followed_through_the_swap_of_its_link()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-").FullName;
        Mount("..v1", RoutesFiles.Of("/", _one.Address));
        File.CreateSymbolicLink(Path.Combine(folder, "routes.json"), Path.Combine("..data", "routes.json"));
        await using var gateway = await TestGateway.StartInAsync(folder, null);
        Assert.Equal("one", await gateway.Http.GetStringAsync("/x"));
        Mount("..v2", RoutesFiles.Of("/", _two.Address));
        Directory.Delete(Path.Combine(folder, "..v1"), recursive: true);
        await Eventually.That(() => gateway.Http.GetStringAsync("/x"), text => text == "two");

        // As the kubelet does it: a new directory, a link to it under another name, and a rename over the old link.
        void Mount(string version, JsonObject routes)
        {
            Directory.CreateDirectory(Path.Combine(folder, version));
            File.WriteAllText(Path.Combine(folder, version, "routes.json"), routes.ToJsonString());
            File.CreateSymbolicLink(Path.Combine(folder, "..data_tmp"), version);
            // rename(2), which .NET does not offer for a link to a directory
            using var rename = Process.Start("mv", ["-T", Path.Combine(folder, "..data_tmp"), Path.Combine(folder, "..data")]);
            rename.WaitForExit();
        }
    }

    [Fact]
    public async Task Ten_thousand_requests_while_the_routes_are_replaced_twenty_times_and_none_fails()
    {
        await using var gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _one.Address));
        var (sent, failed) = (0, 0);
        var done = new TaskCompletionSource();
        var clients = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var client = i % 2 == 0 ? gateway.Http : gateway.Http2;
            while (Interlocked.Increment(ref sent) <= 10_000 || !done.Task.IsCompleted)
            {
                var answer = await client.GetAsync("/x");
                if (!answer.IsSuccessStatusCode || await answer.Content.ReadAsStringAsync() is not ("one" or "two"))
                    Interlocked.Increment(ref failed);
            }
        })).ToArray();
        for (var i = 1; i <= 20; i++)
        {
            // The cluster and the route's policy change, routes come and go.
            var routes = RoutesFiles.Of("/", i % 2 == 0 ? _one.Address : _two.Address, (RoutePolicy.TimeoutKey, $"{10 + i}"));
            await gateway.ReplaceAsync(i % 3 == 0 ? routes.With($"/extra{i}", _two.Address) : routes);
            var reached = sent;
            await Eventually.True(() => sent > reached + 100);
        }

        done.SetResult();
        await Task.WhenAll(clients);
        Assert.True(sent >= 10_000);
        Assert.Equal(0, failed);
    }

    [Fact]
    public async Task Hosts_beat_none_longer_paths_beat_shorter_ones_and_prefixes_are_stripped()
    {
        await using var gateway = await TestGateway.StartAsync(RoutesFiles.Of("/users", _one.Address).With("/", _two.Address).Stripped("users"));
        Assert.Equal("one", await gateway.Http.GetStringAsync("/users/5?a=b%20c"));
        Assert.Equal("/5?a=b%20c", _one.Paths.Last());
        Assert.Equal("two", await gateway.Http.GetStringAsync("/usersfoo"));
        Assert.Equal("/usersfoo", _two.Paths.Last());
    }

    [Fact]
    public async Task The_public_port_answers_nothing_of_its_own_but_problems()
    {
        await using var gateway = await TestGateway.StartAsync(RoutesFiles.Empty());
        foreach (var path in (string[])["/", "/healthz/ready", "/healthz/live", "/metrics"])
        {
            var answer = await gateway.Http.GetAsync(path);
            Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
            var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.Equal("no-route", (string?)problem["reason"]);
            Assert.Contains("there is no route to", (string?)problem["detail"], StringComparison.Ordinal);
        }
    }

    private static string Route(string route) => """{"ReverseProxy": {"Routes": {"a": """ + route + """}, "Clusters": {"c": {"Destinations": {"d": {"Address": "http://a"}}}}}}""";

    private static string Metadata(string key, string value) => Route($$$"""{"ClusterId": "c", "Match": {"Path": "/a"}, "Metadata": {"{{{key}}}": "{{{value}}}"}}""");

    private static string Cluster(string cluster) => """{"ReverseProxy": {"Clusters": {"c": """ + cluster + "}}}";
}
