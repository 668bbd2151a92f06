using Fleet.Gateway;
using Fleet.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>The watch on the gateway's own ConfigMap, beside the mounted file.</summary>
public sealed class RoutesWatchTests : IAsyncLifetime
{
    private Upstream _one = null!;
    private Upstream _two = null!;
    private FakeApiServer _api = null!;
    private TestGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        (_one, _two) = (await Upstream.SayingAsync("one"), await Upstream.SayingAsync("two"));
        _api = await FakeApiServer.StartAsync(RoutesFiles.Of("/", _two.Address));
        _gateway = await TestGateway.StartAsync(
            RoutesFiles.Of("/", _one.Address),
            services => services.AddSingleton<IHostedService>(p => ActivatorUtilities.CreateInstance<RoutesWatch>(p, _api.Access)));
        await Says("two"); // the object is newer than the mounted copy
        await Eventually.True(() => _api.Open == 1);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _api.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task A_change_of_the_object_is_served_at_once_and_the_mounted_copy_does_not_undo_it()
    {
        var version = _gateway.Routes.Version;
        _api.Change(RoutesFiles.Of("/", _one.Address, (RoutePolicy.RetriesKey, "1")));
        await Says("one");
        _gateway.Write(RoutesFiles.Of("/", _two.Address).ToJsonString()); // the kubelet comes late, with what was
        _api.Change(RoutesFiles.Of("/", _one.Address, (RoutePolicy.RetriesKey, "2")));
        await Eventually.True(() => _gateway.Routes.Version == version + 2);
        await Says("one");
    }

    [Fact]
    public async Task An_ordinary_end_goes_on_where_it_was_and_a_bookmark_moves_that_place()
    {
        _api.Bookmark();
        _api.Bookmark();
        var (lists, last) = (_api.Lists, _api.Watches[^1]);
        await Eventually.True(() =>
        {
            _api.End();
            return _api.Watches[^1] != last;
        });
        Assert.Equal(lists, _api.Lists);
        Assert.True(int.Parse(_api.Watches[^1]) >= int.Parse(last) + 1);
        _api.Change(RoutesFiles.Of("/", _one.Address));
        await Says("one");
    }

    [Theory]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}""" + "\n")] // history lost: list anew, at once
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}""" + "\n")]
    [InlineData("""{"type":"MODIFIED","object":{"metadata":{"resourceVe""")] // cut in the middle of a line
    [InlineData("no JSON at all\n")]
    [InlineData("[]\n")]
    [InlineData("""{"type":"MODIFIED"}""" + "\n")]
    public async Task Whatever_goes_wrong_ends_in_a_new_list(string line)
    {
        var lists = _api.Lists;
        _api.Routes = RoutesFiles.Of("/", _one.Address);
        _api.Say(line);
        _api.End();
        await Says("one");
        Assert.True(_api.Lists > lists);
        await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => !r.Contains("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_the_server_is_away_the_routes_stay_the_fault_shows_and_a_change_of_the_file_counts()
    {
        await _api.GoAwayAsync();
        var ready = await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => r.Contains("cannot be watched", StringComparison.Ordinal));
        Assert.Contains("the last good routes are served", ready, StringComparison.Ordinal);
        Assert.Contains("fleet_gateway_routes_source_healthy{source=\"watch\"} 0", await _gateway.Management.GetStringAsync("/metrics"), StringComparison.Ordinal);
        await Says("two");
        await _gateway.ReplaceAsync(RoutesFiles.Of("/", _one.Address, (RoutePolicy.RetriesKey, "1")));
        await Says("one");

        _api.GiveToken("second"); // renewed meanwhile
        await _api.ComeBackAsync();
        await Says("two");
        await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => !r.Contains("warning", StringComparison.Ordinal));
        Assert.Equal("Bearer second", _api.Tokens[^1]);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task A_refusal_is_told_and_tried_again(int status)
    {
        _api.Refusal = status;
        _api.Say("{}\n");
        await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => r.Contains($"{status}", StringComparison.Ordinal));
        await Says("two");
        _api.Refusal = null;
        await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => !r.Contains("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_object_or_none_leaves_the_last_good_routes()
    {
        _api.Change(new System.Text.Json.Nodes.JsonObject { ["ReverseProxy"] = 5 });
        await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => r.Contains("ReverseProxy", StringComparison.Ordinal));
        await Says("two");
        _api.Say("""{"type":"DELETED","object":{"metadata":{"resourceVersion":"900"}}}""" + "\n");
        await Eventually.That(() => _gateway.Management.GetStringAsync("/healthz/ready"), r => r.Contains("is not there", StringComparison.Ordinal));
        await Says("two");
        _api.Change(RoutesFiles.Of("/", _one.Address));
        await Says("one");
    }

    private Task<string> Says(string text) => Eventually.That(() => _gateway.Http.GetStringAsync("/x"), said => said == text);
}
