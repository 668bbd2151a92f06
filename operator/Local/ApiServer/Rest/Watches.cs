using System.Text;
using System.Text.Json;

namespace Fleet.Local.ApiServer;

/// <summary>Watches: every change of the objects that were asked for, as lines of JSON, until the time is over or the client goes.</summary>
internal sealed class Watches(ObjectStore store, TimeProvider time, CancellationToken ending)
{
    // One now and then, and one before the end: whoever resumes from it has missed nothing. Rule: KEP-956.
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BookmarkBeforeEnd = TimeSpan.FromSeconds(2);
    private const int DefaultSeconds = 1800;

    /// <summary>Answers a watch.</summary>
    internal async Task WatchAsync(ApiRequest request)
    {
        var watch = new Watch(request, Representation.For(request, time), request.Selection);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(request.Stop, ending);
        var whole = TimeSpan.FromSeconds(request.Number("timeoutSeconds") is > 0 and var seconds ? Math.Min(seconds, DefaultSeconds) : DefaultSeconds);
        stop.CancelAfter(whole);
        var (subscription, initial) = Begin(request);
        using (subscription)
        {
            try
            {
                await watch.StartAsync();
                foreach (var stored in initial ?? [])
                    await watch.InitialAsync(stored);
                if (initial is not null && request.Flag("sendInitialEvents"))
                    await watch.BookmarkAsync(watch.Revision = Math.Max(watch.Revision, subscription.Start), endsInitial: true);
                watch.Revision = Math.Max(watch.Revision, subscription.Start);
                await watch.FlushAsync();
                await FollowAsync(watch, subscription.Changes, request.Flag("allowWatchBookmarks") ? time.GetUtcNow() + whole : null, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The time is over, the server ends, or the client has gone: each is how a watch ends.
            }
        }
    }

    // Without a version, or with 0, a watch begins with all there is; with sendInitialEvents it says where that ends.
    private (Following, IReadOnlyCollection<StoredObject>?) Begin(ApiRequest request)
    {
        var kind = StorageKeys.Of(request.Kind);
        var version = request.Query("resourceVersion");
        if (request.Query("sendInitialEvents") is { } wants)
        {
            if (request.Query("resourceVersionMatch") != "NotOlderThan")
                throw ApiError.Unprocessable("resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
            if (wants is "true" or "1")
                version = null;
        }

        if (version is not (null or "0"))
            return (new(store.Follow(kind, request.Number("resourceVersion")!.Value), request.Number("resourceVersion")!.Value), null);
        var (changes, objects, revision) = store.FollowAll(kind);
        return (new(changes, revision), objects);
    }

    private async Task FollowAsync(Watch watch, ObjectStore.Subscription changes, DateTimeOffset? end, CancellationToken stop)
    {
        var more = changes.Reader.WaitToReadAsync(stop).AsTask();
        var bookmark = NextBookmark(end, stop);
        while (true)
        {
            if (await Task.WhenAny(more, bookmark) == more)
            {
                await more;
                while (changes.Reader.TryRead(out var change))
                    await watch.TellAsync(change);
                more = changes.Reader.WaitToReadAsync(stop).AsTask();
            }
            else
            {
                await bookmark;
                await watch.BookmarkAsync(watch.Revision, endsInitial: false);
                bookmark = NextBookmark(end, stop);
            }

            await watch.FlushAsync();
        }
    }

    private Task NextBookmark(DateTimeOffset? end, CancellationToken stop)
    {
        if (end is null)
            return Task.Delay(Timeout.InfiniteTimeSpan, stop);
        var last = end.Value - time.GetUtcNow() - BookmarkBeforeEnd;
        return last <= TimeSpan.Zero ? Task.Delay(Timeout.InfiniteTimeSpan, stop) : Task.Delay(last < BookmarkEvery ? last : BookmarkEvery, time, stop);
    }

    private sealed record Following(ObjectStore.Subscription Changes, long Start) : IDisposable
    {
        public void Dispose() => Changes.Dispose();
    }

    /// <summary>One client's watch.</summary>
    private sealed class Watch(ApiRequest request, Representation view, Selection selection)
    {
        private static readonly ReadOnlyMemory<byte> LineEnd = "}\n"u8.ToArray();

        internal long Revision { get; set; }

        internal async Task StartAsync()
        {
            request.Http.Response.ContentType = "application/json";
            request.Http.Response.Headers.CacheControl = "no-cache, private";
            await request.Http.Response.StartAsync(request.Stop);
        }

        internal Task InitialAsync(StoredObject stored) => IsMeant(stored) ? SendAsync("ADDED", view.Bytes(stored)) : Task.CompletedTask;

        /// <summary>An object that comes under the selectors was added, for this client; one that leaves them was deleted.</summary>
        internal Task TellAsync(Change change)
        {
            Revision = change.Revision;
            var (was, now) = (IsMeant(change.Before), IsMeant(change.After));
            if (now)
                return SendAsync(was ? "MODIFIED" : "ADDED", view.Bytes(change.After!));
            return was ? SendAsync("DELETED", view.Bytes(change.Gone ?? Left(change))) : Task.CompletedTask;
        }

        internal Task BookmarkAsync(long revision, bool endsInitial) => SendAsync("BOOKMARK", Wire.Bytes(view.Bookmark(revision, endsInitial)));

        internal Task FlushAsync() => request.Http.Response.Body.FlushAsync(request.Stop);

        private bool IsMeant(StoredObject? stored) => stored is not null
            && (request.Path.Namespace is null || stored.Key.Namespace == request.Path.Namespace)
            && (request.Path.Name is null || stored.Key.Name == request.Path.Name)
            && selection.Takes(stored);

        // What leaves the selectors is told as it was under them, at the revision at which it left.
        private static StoredObject Left(Change change)
        {
            var last = change.Before!.Copy();
            last.Meta()["resourceVersion"] = $"{change.Revision}";
            return StoredObject.Of(last);
        }

        private async Task SendAsync(string type, byte[] shown)
        {
            var body = request.Http.Response.Body;
            await body.WriteAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), request.Stop);
            await body.WriteAsync(shown, request.Stop);
            await body.WriteAsync(LineEnd, request.Stop);
        }
    }
}
