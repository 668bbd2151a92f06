using System.Net;
using System.Text.Json;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class WatcherTests : IDisposable
{
    private readonly Simulation _sim = new();
    private readonly FakeSource _source;
    private readonly ObjectCache<PartialObject> _cache = new(Resources.Deployments);
    private readonly ListLogger _log = new();
    private readonly OperatorMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _changes = [];
    private bool _served = true;
    private Watcher<PartialObject>? _watcher;
    private Task _running = Task.CompletedTask;

    public WatcherTests()
    {
        _source = new FakeSource(_sim.Time);
        _cache.Changed += (before, now) => _changes.Add($"{before.Said()} -> {now.Said()}");
    }

    private static ApiException Gone => FakeSource.Refusal(HttpStatusCode.Gone, "Expired");

    private static ApiException Forbidden => FakeSource.Refusal(HttpStatusCode.Forbidden, "Forbidden", "deployments.apps is forbidden");

    private static ApiException NotFound => FakeSource.Refusal(HttpStatusCode.NotFound, "NotFound");

    public void Dispose()
    {
        _stop.Cancel();
        _sim.End(_running);
        _stop.Dispose();
        _sim.Dispose();
    }

    [Fact]
    public void It_lists_all_pages_and_watches_from_the_lists_version()
    {
        _source.PageSize = 2;
        _source.Objects.AddRange([Made.Object("auth", 1), Made.Object("users", 2), Made.Object("orders", 3)]);
        Start();
        Assert.Equal(["list", "watch@5"], _source.Calls);
        Assert.Equal(["auth@1", "orders@3", "users@2"], _cache.All.Said());
        _source.Send(WatchEventType.Added, Made.Object("gateway", 6));
        _source.Send(WatchEventType.Modified, Made.Object("auth", 7));
        _source.Send(WatchEventType.Deleted, Made.Object("users", 8));
        _sim.Settle();
        Assert.Equal(["auth@7", "gateway@6", "orders@3"], _cache.All.Said());
        Assert.Equal(["none -> gateway@6", "auth@1 -> auth@7", "users@2 -> none"], _changes[3..]);
        Assert.Equal(["Information: deployments.apps: 3 objects listed, watching"], _log.Lines);
    }

    [Fact]
    public void A_watch_that_ended_in_order_is_resumed_where_it_ended()
    {
        Start();
        _source.Send(WatchEventType.Added, Made.Object("auth", 6));
        _sim.Advance(TimeSpan.FromMinutes(5), 1000);
        _source.Close();
        _sim.Settle();
        Assert.Equal(["list", "watch@5", "watch@6"], _source.Calls);
        Assert.Contains("fleet_watch_restarts_total{resource=\"deployments.apps\",reason=\"closed\"} 1", _metrics.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bookmark_moves_the_place_to_resume_from()
    {
        Start();
        _source.Bookmark(90);
        _sim.Settle();
        _source.Close();
        _sim.Settle();
        Assert.Equal(["list", "watch@5", "watch@90"], _source.Calls);
    }

    [Fact]
    public void An_expired_version_lists_again_and_tells_only_what_differs()
    {
        _source.Objects.AddRange([Made.Object("auth", 1), Made.Object("users", 2)]);
        Start();
        _changes.Clear();
        _source.Objects.Clear();
        _source.Objects.AddRange([Made.Object("auth", 1), Made.Object("orders", 9)]);
        _source.Version = 10;
        _source.Break(Gone);
        _sim.Settle();
        Assert.Equal(["list", "watch@5", "list", "watch@10"], _source.Calls);
        Assert.Equal(["none -> orders@9", "users@2 -> none"], _changes.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_that_always_expire_are_not_followed_hot()
    {
        _source.WatchFails = Gone;
        Start();
        _sim.Advance(TimeSpan.FromMinutes(2));
        Assert.InRange(_source.Calls.Count(c => c == "list"), 5, 20);
    }

    [Fact]
    public void A_broken_connection_is_resumed_after_a_pause_that_grows_and_is_reset_by_news()
    {
        Start();
        _source.WatchFails = new IOException("the connection ended in the middle of a line");
        _source.Break(new HttpIOException(HttpRequestError.ResponseEnded, "cut"));
        _sim.Advance(TimeSpan.FromMinutes(3), 10);
        Assert.Equal(1, _source.Calls.Count(c => c == "list"));
        var pauses = _source.SecondsBetweenCalls(from: 1).ToList();
        for (var i = 0; i < pauses.Count; i++)
            Assert.InRange(pauses[i], Math.Min(0.2 * Math.Pow(2, i) * 0.74, 4.99), Math.Min(0.2 * Math.Pow(2, i), 5) + 0.02);
        Assert.Equal(5, pauses[^1], tolerance: 0.02);

        _source.WatchFails = null;
        _sim.Advance(TimeSpan.FromSeconds(6));
        _source.Send(WatchEventType.Added, Made.Object("auth", 6));
        _sim.Settle();
        _source.Break(new TimeoutException("silent for 5 minutes"));
        _sim.Advance(TimeSpan.FromSeconds(0.3), 10);
        Assert.Equal("watch@6", _source.Calls[^1]);
        Assert.Contains("reason=\"stalled\"} 1", _metrics.ToText(), StringComparison.Ordinal);
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public void A_server_in_trouble_is_spared_for_up_to_half_a_minute()
    {
        _source.ListFails = FakeSource.Refusal(HttpStatusCode.InternalServerError, "InternalError");
        Start();
        _sim.Advance(TimeSpan.FromMinutes(10));
        Assert.All(_source.SecondsBetweenCalls(from: 9), pause => Assert.InRange(pause, 22, 30.1));
    }

    [Fact]
    public void A_server_that_closes_every_watch_at_once_is_not_asked_hot()
    {
        _source.WatchCloses = true;
        Start();
        _sim.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(_source.Calls.Count, 5, 15);
    }

    [Fact]
    public void An_object_that_cannot_be_read_is_taken_from_a_list()
    {
        Start();
        _source.Break(new JsonException("half an object"));
        _sim.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["list", "watch@5", "list", "watch@5"], _source.Calls);
    }

    [Fact]
    public void A_refused_list_is_a_denial_and_asked_again()
    {
        _source.ListFails = Forbidden;
        Start();
        Assert.Equal(CacheState.Denied, _cache.State);
        Assert.Contains("deployments.apps is forbidden", _cache.Denial, StringComparison.Ordinal);
        Assert.True(_cache.Settled.IsCompleted);
        _sim.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(_source.Calls.Count, 4, 10);
        Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        _source.ListFails = null;
        _sim.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((CacheState.Synced, null), (_cache.State, _cache.Denial));
    }

    [Fact]
    public void A_refused_watch_stays_denied_until_it_is_allowed()
    {
        var states = new List<CacheState>();
        _cache.StateChanged += states.Add;
        _source.WatchFails = Forbidden;
        Start();
        _sim.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([CacheState.Synced, CacheState.Denied], states);
        Assert.Equal(1, _source.Calls.Count(c => c == "list"));
        _source.WatchFails = null;
        _sim.Advance(TimeSpan.FromSeconds(31.1)); // and the second in which nobody refused
        Assert.Equal(CacheState.Synced, _cache.State);
        Assert.Equal(["watch@5", "list", "watch@5"], _source.Calls[^3..]);
    }

    [Fact]
    public void A_server_that_comes_back_and_does_not_know_the_Roles_yet_is_asked_again_soon()
    {
        Start();
        _source.WatchFails = new HttpRequestException("Connection refused");
        _source.Break(new IOException("cut"));
        _sim.Advance(TimeSpan.FromMinutes(5));
        _source.WatchFails = Forbidden;
        _sim.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(CacheState.Denied, _cache.State);
        _source.WatchFails = null;
        _sim.Advance(TimeSpan.FromSeconds(6.1));
        Assert.Equal(CacheState.Synced, _cache.State);
    }

    [Fact]
    public void A_kind_that_is_not_served_is_not_denied_for_longer_than_the_server_takes_to_know_the_Roles()
    {
        _source.ListFails = NotFound;
        Start();
        _sim.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(CacheState.NotServed, _cache.State);
        _source.ListFails = new HttpRequestException("Connection refused");
        var calls = _source.Calls.Count;
        Poke();
        _sim.Until(() => _source.Calls.Count > calls);
        _sim.Advance(TimeSpan.FromMinutes(2));
        _source.ListFails = Forbidden;
        _sim.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(CacheState.Denied, _cache.State);
        _source.ListFails = NotFound;
        _sim.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(CacheState.NotServed, _cache.State);
    }

    [Fact]
    public void A_right_that_was_taken_away_is_asked_for_ever_more_rarely()
    {
        Start();
        _source.WatchFails = Forbidden;
        _source.Break(new IOException("cut"));
        _sim.Advance(TimeSpan.FromMinutes(10));
        Assert.All(_source.SecondsBetweenCalls(from: 20), pause => Assert.InRange(pause, 22, 30.1));
    }

    [Fact]
    public void A_poke_ends_the_pause_of_a_denial()
    {
        _source.ListFails = Forbidden;
        Start();
        _sim.Advance(TimeSpan.FromMinutes(2));
        _source.ListFails = null;
        Poke();
        _sim.Until(() => _cache.State == CacheState.Synced);
    }

    [Fact]
    public void A_kind_that_is_not_served_is_asked_for_every_five_minutes_and_at_once_when_poked()
    {
        _source.ListFails = NotFound;
        Start();
        Assert.Equal(CacheState.NotServed, _cache.State);
        Assert.True(_cache.Settled.IsCompleted);
        _sim.Advance(TimeSpan.FromMinutes(2)); // our own start counts as news
        var calls = _source.Calls.Count;
        Assert.InRange(calls, 5, 12);
        _sim.Advance(TimeSpan.FromMinutes(10));
        Assert.InRange(_source.Calls.Count - calls, 2, 3);

        calls = _source.Calls.Count;
        Poke();
        _sim.Until(() => _source.Calls.Count == calls + 1);
        // The CRD is announced, yet this API server does not know of it: it will in a moment.
        _source.ListFails = null;
        _sim.Advance(TimeSpan.FromSeconds(0.3), 10);
        Assert.Equal(CacheState.Synced, _cache.State);
    }

    [Fact]
    public void What_discovery_does_not_name_is_not_asked_for()
    {
        _served = false;
        Start();
        Assert.Empty(_source.Calls);
        Assert.Equal(CacheState.NotServed, _cache.State);
        _served = true;
        Poke();
        _sim.Until(() => _cache.State == CacheState.Synced);
    }

    [Fact]
    public void A_404_for_what_was_served_is_believed_after_a_minute_only()
    {
        _source.Objects.Add(Made.Object("auth", 1));
        Start();
        _source.WatchFails = NotFound;
        _source.ListFails = NotFound;
        _source.Break(new IOException("the API server was killed"));
        _sim.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(["auth@1"], _cache.All.Said());
        Assert.Equal(CacheState.Synced, _cache.State);
        _sim.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(CacheState.NotServed, _cache.State);
        Assert.Empty(_cache.All);
    }

    [Fact]
    public void A_404_while_the_server_starts_costs_nothing()
    {
        _source.Objects.Add(Made.Object("auth", 1));
        Start();
        _changes.Clear();
        _source.WatchFails = NotFound;
        _source.ListFails = NotFound;
        _source.Break(new IOException("the API server was killed"));
        _sim.Advance(TimeSpan.FromSeconds(10));
        _source.WatchFails = _source.ListFails = null;
        _sim.Advance(TimeSpan.FromSeconds(20));
        Assert.True(_source.IsWatched);
        Assert.Empty(_changes);
    }

    [Fact]
    public void A_server_that_asks_for_patience_gets_it()
    {
        _source.ListFails = FakeSource.Refusal(HttpStatusCode.TooManyRequests, "TooManyRequests", retryAfterSeconds: 7);
        Start();
        _sim.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Single(_source.Calls);
        _sim.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(2, _source.Calls.Count);
    }

    [Fact]
    public void A_listeners_fault_is_an_error_and_the_watch_goes_on()
    {
        _cache.Changed += (_, now) =>
        {
            if (now?.Metadata.Name == "auth")
                throw new InvalidOperationException("oops");
        };
        Start();
        _source.Send(WatchEventType.Added, Made.Object("auth", 6));
        _sim.Advance(TimeSpan.FromSeconds(1));
        _source.Send(WatchEventType.Added, Made.Object("users", 7));
        _sim.Settle();
        Assert.Equal(["auth@6", "users@7"], _cache.All.Said());
        Assert.Single(_log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public void Objects_are_trimmed_on_their_way_in()
    {
        _source.Objects.Add(Made.Object("auth", 1, secret: "db"));
        Start(o => o with { Metadata = o.Metadata with { Annotations = null } });
        _source.Send(WatchEventType.Added, Made.Object("users", 6, secret: "db"));
        _sim.Settle();
        Assert.All(_cache.All, o => Assert.Null(o.Metadata.Annotations));
        Assert.Equal(2, _cache.Count);
    }

    private void Start(Func<PartialObject, PartialObject>? trim = null)
    {
        _watcher = new Watcher<PartialObject>(_source, _cache, () => _served, _sim.Time, _log, _metrics, trim, seed: 1);
        _running = _watcher.RunAsync(_stop.Token);
        _sim.Settle();
    }

    private void Poke() => _watcher!.Poke();
}
