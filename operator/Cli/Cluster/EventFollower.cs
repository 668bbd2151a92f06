using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Cli;

/// <summary>Lists Events, and follows them by a watch. Cut connections and restarts of the server are waited out; what happened meanwhile is told afterwards.</summary>
internal sealed class EventFollower(ApiClient api, string? ns, TimeProvider time)
{
    private readonly BackOff _backOff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);
    private string _version = "";

    /// <summary>The Events as they are now, in no order.</summary>
    internal async Task<IReadOnlyList<AppEvent>> ListAsync(CancellationToken stop)
    {
        var events = new List<AppEvent>();
        await foreach (var page in api.ListAsync(Kinds.Raw(Resources.Events), new(ns), stop))
        {
            events.AddRange(page.Items.Select(AppEvent.Of));
            _version = page.ResourceVersion;
        }

        foreach (var e in events)
            IsNews(e);
        return events;
    }

    /// <summary>Tells of every Event that comes, and of every one that is counted up, after <see cref="ListAsync"/>; until it is cancelled.</summary>
    internal async Task FollowAsync(Action<AppEvent> tell, CancellationToken stop)
    {
        for (var failures = 0; ;)
        {
            try
            {
                await foreach (var change in api.WatchAsync(Kinds.Raw(Resources.Events), new(ns), _version, stop))
                {
                    failures = 0;
                    if (change.Object is { } source)
                        _version = source.Metadata.ResourceVersion ?? _version;
                    if (change is { Type: not WatchEventType.Deleted, Object: { } told } && IsNews(AppEvent.Of(told)))
                        tell(AppEvent.Of(told));
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException or ApiException { IsServerError: true } or ApiException { IsTooManyRequests: true })
            {
                await Task.Delay(_backOff.After(failures++), time, stop);
            }
            catch (ApiException e) when (e.IsGone)
            {
                foreach (var missed in await MissedAsync(stop))
                    tell(missed);
            }
        }
    }

    private async Task<List<AppEvent>> MissedAsync(CancellationToken stop)
    {
        var before = new Dictionary<string, string>(_told, StringComparer.Ordinal);
        return [.. EventsPage.InOrder((await ListAsync(stop)).Where(e => before.GetValueOrDefault(e.Source.Metadata.Uid ?? "") != e.Source.Metadata.ResourceVersion))];
    }

    private bool IsNews(AppEvent e)
    {
        var (uid, version) = (e.Source.Metadata.Uid ?? "", e.Source.Metadata.ResourceVersion ?? "");
        if (_told.GetValueOrDefault(uid) == version)
            return false;
        _told[uid] = version;
        return true;
    }
}
