using System.Net;
using System.Runtime.CompilerServices;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Unit.Runtime;

/// <summary>A server for one watcher: what it answers next is up to the test, and what it was asked is written down.</summary>
internal sealed class FakeSource(TimeProvider time) : IObjectSource<PartialObject>
{
    private Session? _session;

    public Resource Resource => Resources.Deployments;

    public List<string> Calls { get; } = [];

    public List<DateTimeOffset> CalledAt { get; } = [];

    /// <summary>What a list answers.</summary>
    public List<PartialObject> Objects { get; } = [];

    public int Version { get; set; } = 5;

    public int PageSize { get; set; } = 500;

    /// <summary>What lists fail with while it is set.</summary>
    public Exception? ListFails { get; set; }

    /// <summary>What watches fail with while it is set.</summary>
    public Exception? WatchFails { get; set; }

    /// <summary>Watches end at once, in order.</summary>
    public bool WatchCloses { get; set; }

    public bool IsWatched => _session is not null;

    public static ApiException Refusal(HttpStatusCode code, string reason, string message = "", int? retryAfterSeconds = null) =>
        new(code, new ApiStatus { Reason = reason, Message = message }, retryAfterSeconds is { } s ? TimeSpan.FromSeconds(s) : null, "list deployments.apps");

    public async IAsyncEnumerable<ListPage<PartialObject>> ListAsync([EnumeratorCancellation] CancellationToken stop)
    {
        Called("list");
        await Task.CompletedTask;
        stop.ThrowIfCancellationRequested();
        if (ListFails is not null)
            throw ListFails;
        var pages = Objects.Count == 0 ? [[]] : Objects.Chunk(PageSize).ToArray();
        for (var i = 0; i < pages.Length; i++)
            yield return new ListPage<PartialObject>(pages[i], $"{Version}", IsLast: i == pages.Length - 1);
    }

    public async IAsyncEnumerable<WatchEvent<PartialObject>> WatchAsync(string resourceVersion, TimeSpan? length, [EnumeratorCancellation] CancellationToken stop)
    {
        Called($"watch@{resourceVersion}");
        if (WatchFails is not null)
            throw WatchFails;
        if (WatchCloses)
            yield break;
        var session = _session = new Session();
        try
        {
            while (true)
            {
                if (!await SomethingAsync(session, length, stop))
                    yield break;
                session.News = new TaskCompletionSource();
                while (session.Events.TryDequeue(out var next))
                    yield return next;
                if (session.Ends)
                    yield break;
                if (session.Fails is not null)
                    throw session.Fails;
            }
        }
        finally
        {
            if (_session == session)
                _session = null;
        }
    }

    public void Send(WatchEventType type, PartialObject obj) => Send(new WatchEvent<PartialObject>(type, obj, obj.Metadata.ResourceVersion!));

    public void Bookmark(int version) => Send(new WatchEvent<PartialObject>(WatchEventType.Bookmark, null, $"{version}"));

    public void Close() => End(session => session.Ends = true);

    public void Break(Exception with) => End(session => session.Fails = with);

    /// <summary>The time between the calls from the n-th on.</summary>
    public IEnumerable<double> SecondsBetweenCalls(int from = 0) =>
        CalledAt.Skip(from).Zip(CalledAt.Skip(from + 1), (a, b) => (b - a).TotalSeconds);

    // False: its time is over.
    private async Task<bool> SomethingAsync(Session session, TimeSpan? length, CancellationToken stop)
    {
        try
        {
            await session.News.Task.WaitAsync(length ?? Timeout.InfiniteTimeSpan, time, stop);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Send(WatchEvent<PartialObject> next)
    {
        var session = _session ?? throw new InvalidOperationException("nobody watches");
        session.Events.Enqueue(next);
        session.News.TrySetResult();
    }

    private void End(Action<Session> how)
    {
        var session = _session ?? throw new InvalidOperationException("nobody watches");
        how(session);
        session.News.TrySetResult();
    }

    private void Called(string what)
    {
        Calls.Add(what);
        CalledAt.Add(time.GetUtcNow());
    }

    private sealed class Session
    {
        public Queue<WatchEvent<PartialObject>> Events { get; } = new();

        public TaskCompletionSource News { get; set; } = new();

        public bool Ends { get; set; }

        public Exception? Fails { get; set; }
    }
}
