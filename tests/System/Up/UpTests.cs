using System.Net;
using System.Net.Sockets;
using Fleet.SystemTests.Local;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Up;

/// <summary><c>fleet up</c> as people use it: the real program, its output piped, curl and kubectl beside it.</summary>
[Trait("Needs", "Embedded")]
[Collection(Disturbing.Name)]
public sealed class UpTests
{
    private static readonly string Shop = File.ReadAllText(RepositoryRoot.Combine("crds", "examples", "shop.yaml"));

    [Fact]
    public async Task The_documented_table_comes_up_and_the_printed_lines_work()
    {
        await using var fleet = RunningFleet.Prepare();
        var lines = await fleet.UpAsync();
        Assert.All(["auth", "users", "orders", "gateway"], name => Assert.Equal("Active", fleet.Row(name)![3]));
        Assert.Equal($"http://127.0.0.1:{fleet.Port}", fleet.Row("gateway")![^1]);

        await fleet.SaysAsync("PlaceOrder");
        var steps = string.Join('\n', fleet.Lines.Where(l => l.StartsWith("  curl ", StringComparison.Ordinal) || l.StartsWith("  token=", StringComparison.Ordinal)));
        var answers = (await Command.RunAsync("/bin/bash", ["-ec", steps])).Succeeded().Out;
        Assert.Contains("\"name\":\"Ann\"", answers, StringComparison.Ordinal);
        Assert.Contains("ORDER_STATE_PLACED", answers, StringComparison.Ordinal);

        Assert.Contains("4/4", await fleet.Kubectl.RunAsync("get msa shop"), StringComparison.Ordinal);
        Assert.Contains("shop-auth", await fleet.Kubectl.RunAsync("get pods -o wide"), StringComparison.Ordinal);
        await Eventually.That(() => fleet.Kubectl.RunAsync("logs deploy/shop-auth"), log => log.Length > 0);
        Assert.Contains("PORT", (await RunningFleet.FleetAsync("status", "shop", "--kubeconfig", fleet.Kubectl.Kubeconfig)).Succeeded().Out, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(fleet.Kubectl.Kubeconfig));

        Assert.NotEmpty(fleet.Processes());
        await fleet.Process.SignalAsync("INT");
        await fleet.Process.WaitForExitAsync();
        Assert.Equal(130, fleet.Process.ExitCode);
        await fleet.NothingLeftAsync();
        Assert.False(File.Exists(fleet.Kubectl.Kubeconfig));
    }

    [Fact]
    public async Task A_saved_file_is_followed_and_a_wrong_one_changes_nothing()
    {
        await using var fleet = RunningFleet.Prepare();
        var file = fleet.Write("shop.yaml", Small);
        await fleet.UpAsync("-f", file);
        Assert.Equal("1/1", fleet.Row("web")![4]);

        fleet.Write("shop.yaml", Small.Replace("replicas: 1", "replicas: 2", StringComparison.Ordinal));
        await fleet.RowAsync("web", row => row?[3] == "Active" && row[4] == "2/2");

        fleet.Write("shop.yaml", Small.Replace("pathPrefix: /web", "pathPrefix: /other", StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = fleet.Gateway };
        await Eventually.That(async () => (await http.GetAsync("/other")).StatusCode, status => status == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/web")).StatusCode);

        fleet.Write("shop.yaml", Small.Replace("pathPrefix: /web", "pathPerfix: /web", StringComparison.Ordinal));
        await fleet.SaysAsync("spec.services[0].route.pathPerfix: unknown field");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/other")).StatusCode);

        fleet.Write("shop.yaml", Small[..Small.IndexOf("  - name: spare", StringComparison.Ordinal)] + "  gateway: {}\n");
        await fleet.RowAsync("spare", row => row is null);
        Assert.False(fleet.Process.HasExited);
    }

    [Fact]
    public async Task A_killed_service_comes_back_and_a_killed_fleet_leaves_nothing()
    {
        await using var fleet = RunningFleet.Prepare();
        var file = fleet.Write("shop.yaml", Small);
        await fleet.UpAsync("-f", file);
        using var http = new HttpClient { BaseAddress = fleet.Gateway };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/web")).StatusCode);

        var killed = fleet.ProcessOf("Fleet.NodeHost.dll", "FLEET_SERVICE=web");
        (await Command.RunAsync("/bin/kill", ["-KILL", $"{killed}"])).Succeeded();
        await fleet.RowAsync("web", row => row?[3] == "Active" && row[5] == "1");
        await Eventually.True(async () => (await http.GetAsync("/web")).StatusCode == HttpStatusCode.OK);

        await fleet.Process.KillAsync();
        await fleet.NothingLeftAsync();
        await fleet.UpAsync("-f", file);
        Assert.Equal("Active", fleet.Row("web")![3]);
    }

    [Fact]
    public async Task It_goes_into_the_background_and_down_ends_it()
    {
        await using var fleet = RunningFleet.Prepare();
        var file = fleet.Write("shop.yaml", Small);
        var up = (await RunningFleet.FleetAsync(["up", "--detach", .. fleet.Common(), "-f", file])).Succeeded();
        Assert.Contains("web", up.Out, StringComparison.Ordinal);
        var again = await RunningFleet.FleetAsync(["up", .. fleet.Common(), "-f", file]);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("is up already", again.Error, StringComparison.Ordinal);

        (await RunningFleet.FleetAsync("down", "--state", fleet.State)).Succeeded();
        await fleet.NothingLeftAsync();
        Assert.Contains("no fleet is up", (await RunningFleet.FleetAsync("down", "--state", fleet.State)).Succeeded().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_is_told_before_anything_is_started()
    {
        await using var fleet = RunningFleet.Prepare();
        var wrong = await RunningFleet.FleetAsync(["up", .. fleet.Common(), "-f", fleet.Write("shop.yaml", Shop.Replace("8002", "80022", StringComparison.Ordinal))]);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("spec.services[1].port: must be between 1 and 65535, is 80022", wrong.Error, StringComparison.Ordinal);
        var missing = await RunningFleet.FleetAsync(["up", .. fleet.Common(), "-f", Path.Combine(fleet.Folder, "none.yaml")]);
        Assert.Equal(2, missing.ExitCode);
        Assert.False(Directory.Exists(fleet.State));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_the_next_free_one_and_the_table_says_so()
    {
        await using var fleet = RunningFleet.Prepare();
        using var taken = new TcpListener(IPAddress.Loopback, fleet.Port);
        taken.Start();
        await fleet.UpAsync("-f", fleet.Write("shop.yaml", Small));
        Assert.StartsWith("http://127.0.0.1:", fleet.Row("gateway")![^1], StringComparison.Ordinal);
        Assert.NotEqual($"http://127.0.0.1:{fleet.Port}", fleet.Row("gateway")![^1]);
        await fleet.SaysAsync($"port {fleet.Port} is taken");
    }

    // Programs of no bundled image: the command is run as it stands.
    private static readonly string Small = $$"""
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata:
          name: small
        spec:
          services:
          - name: web
            port: 8080
            protocol: HTTP
            image: example.com/web:1
            replicas: 1
            route: { pathPrefix: /web }
            command: [dotnet, '{{NodeTest.Workload}}', serve]
          - name: spare
            port: 8080
            protocol: HTTP
            image: example.com/spare:1
            command: [dotnet, '{{NodeTest.Workload}}', serve]
          gateway: {}
        """;
}
