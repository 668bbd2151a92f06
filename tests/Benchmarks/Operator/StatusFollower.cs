using System.Collections.Concurrent;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Benchmarks.Operator;

/// <summary>Follows every app by one watch, as <c>kubectl wait</c> would, and tells when one is as wanted.</summary>
internal sealed class StatusFollower : IAsyncDisposable
{
    private readonly ApiClient _api;
    private readonly CancellationTokenSource _stop;
    private readonly ConcurrentDictionary<string, (MicroserviceApp App, DateTimeOffset Seen)> _apps = new();
    private readonly ConcurrentDictionary<Wish, byte> _wishes = new();
    private Task _following = Task.CompletedTask;

    private StatusFollower(BenchCluster cluster, CancellationToken stop)
    {
        _api = cluster.Plane.CreateClient("bench-follower");
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    /// <summary>Starts one.</summary>
    public static async Task<StatusFollower> StartAsync(BenchCluster cluster, CancellationToken stop)
    {
        var self = new StatusFollower(cluster, stop);
        var version = "";
        await foreach (var page in self._api.ListAsync(MicroserviceApp.Type, new(), stop))
        {
            version = page.ResourceVersion;
            foreach (var app in page.Items)
                self.Take(app);
        }

        self._following = self.FollowAsync(version);
        return self;
    }

    /// <summary>Returns when an app is as wanted, and when that was seen.</summary>
    /// <exception cref="TimeoutException">It was not within five minutes.</exception>
    public async Task<DateTimeOffset> UntilAsync(string ns, Func<MicroserviceApp, bool> wanted)
    {
        var wish = new Wish(ns, wanted, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _wishes.TryAdd(wish, 0);
        if (_apps.TryGetValue(ns, out var known))
            Grant(wish, known.App, known.Seen);
        var seen = wish.Granted.Task;
        if (await Task.WhenAny(seen, _following, Task.Delay(TimeSpan.FromMinutes(5), _stop.Token)) == _following)
            await _following;
        return seen.IsCompleted ? await seen : throw new TimeoutException($"the app of {ns} was not as wanted within five minutes");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _api.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync(string version)
    {
        while (true)
        {
            await foreach (var e in _api.WatchAsync(MicroserviceApp.Type, new(), version, _stop.Token))
            {
                if (e.Object is not { } app)
                    continue;
                version = app.Metadata.ResourceVersion ?? version;
                Take(app);
            }
        }
    }

    private void Take(MicroserviceApp app)
    {
        var now = DateTimeOffset.UtcNow;
        _apps[app.Metadata.Namespace!] = (app, now);
        foreach (var wish in _wishes.Keys.Where(w => w.Namespace == app.Metadata.Namespace))
            Grant(wish, app, now);
    }

    private void Grant(Wish wish, MicroserviceApp app, DateTimeOffset seen)
    {
        if (!wish.Wanted(app))
            return;
        wish.Granted.TrySetResult(seen);
        _wishes.TryRemove(wish, out _);
    }

    private sealed record Wish(string Namespace, Func<MicroserviceApp, bool> Wanted, TaskCompletionSource<DateTimeOffset> Granted);
}
