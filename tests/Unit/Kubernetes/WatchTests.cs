using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>Watches: the lines, their ends and their silences.</summary>
public sealed class WatchTests
{
    private const string Bookmark = """{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"12"}}}""";
    private static readonly CancellationToken Stop = CancellationToken.None;

    [Fact]
    public async Task A_watch_asks_for_bookmarks_from_a_version_on_and_for_an_end()
    {
        var server = StubServer.Answering(StubServer.Json(""));
        using var api = server.Client(new() { WatchIdleTimeout = TimeSpan.FromSeconds(100) });
        Assert.Empty(await ReadAsync(api.WatchAsync(Kinds.Pods, new("demo", "a=b"), "7", Stop)));
        var request = Assert.Single(server.Requests);
        Assert.Equal(("true", "true", "7", "a=b"), (request.Query("watch"), request.Query("allowWatchBookmarks"), request.Query("resourceVersion"), request.Query("labelSelector")));
        Assert.InRange(int.Parse(request.Query("timeoutSeconds")!), 45, 90);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    [InlineData(100000)]
    public async Task Events_read_the_same_in_any_pieces(int pieceLength)
    {
        var text = string.Join('\n', Event("ADDED", "a", 8), Event("MODIFIED", "ü", 9, new string('x', 40_000)), "", Event("DELETED", "a", 11), Bookmark, "");
        using var api = StubServer.Answering(StubServer.Stream(new PieceStream(Encoding.UTF8.GetBytes(text), pieceLength))).Client();
        var events = await ReadAsync(api.WatchAsync(Kinds.Pods, new(), "7", Stop));
        Assert.Equal(["Added a 8", "Modified ü 9", "Deleted a 11", "Bookmark  12"], events.Select(e => $"{e.Type} {e.Object?.Metadata.Name} {e.ResourceVersion}"));
    }

    [Fact]
    public async Task The_order_of_a_lines_fields_does_not_matter()
    {
        var line = """{"note":{"type":"ERROR"},"object":{"metadata":{"name":"a","resourceVersion":"8"},"type":"x"},"type":"ADDED"}""" + "\r\n";
        using var api = StubServer.Answering(StubServer.Json(line)).Client();
        Assert.Equal(WatchEventType.Added, Assert.Single(await ReadAsync(api.WatchAsync(Kinds.Pods, new(), "7", Stop))).Type);
    }

    [Fact]
    public async Task An_event_arrives_before_the_next_one_is_there()
    {
        var pipe = new Pipe();
        using var api = StubServer.Answering(StubServer.Stream(pipe.Reader.AsStream())).Client();
        await using var events = api.WatchAsync(Kinds.Pods, new(), "7", Stop).GetAsyncEnumerator(Stop);
        await WriteAsync(pipe, Event("ADDED", "a", 8) + "\n");
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("a", events.Current.Object!.Metadata.Name);
        await pipe.Writer.CompleteAsync();
        Assert.False(await events.MoveNextAsync());
    }

    [Fact]
    public async Task An_error_event_is_the_servers_refusal()
    {
        var line = """{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old resource version: 1 (958)","reason":"Expired","code":410}}""" + "\n";
        using var api = StubServer.Answering(StubServer.Json(line)).Client();
        var e = await Assert.ThrowsAsync<ApiException>(() => ReadAsync(api.WatchAsync(Kinds.Pods, new("demo"), "1", Stop)));
        Assert.True(e.IsGone);
        Assert.Equal("watch pods demo: too old resource version: 1 (958) (410 Expired)", e.Message);
    }

    [Fact]
    public async Task A_half_line_at_the_end_is_a_cut_connection_and_what_came_before_it_counts()
    {
        var text = Event("ADDED", "a", 8) + "\n" + Event("ADDED", "b", 9)[..40];
        using var api = StubServer.Answering(StubServer.Json(text)).Client();
        var seen = new List<string>();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (var e in api.WatchAsync(Kinds.Pods, new(), "7", Stop))
                seen.Add(e.Object!.Metadata.Name);
        });
        Assert.Equal(["a"], seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_line_beyond_the_bound_is_not_read(bool ends)
    {
        var text = Event("ADDED", "a", 8, new string('x', 5000)) + (ends ? "\n" : "");
        using var api = StubServer.Answering(StubServer.Json(text)).Client(new() { MaxLineLength = 4096 });
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(api.WatchAsync(Kinds.Pods, new(), "7", Stop)));
    }

    [Theory]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"RENAMED","object":{}}""")]
    [InlineData("""{"type":7,"object":{}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":""")]
    [InlineData("not json")]
    public async Task A_line_that_is_no_event_says_so(string line)
    {
        using var api = StubServer.Answering(StubServer.Json(line + "\n")).Client();
        await Assert.ThrowsAnyAsync<JsonException>(() => ReadAsync(api.WatchAsync(Kinds.Pods, new(), "7", Stop)));
    }

    [Fact]
    public async Task A_stalled_connection_is_noticed_and_every_byte_counts_as_life()
    {
        var time = new ArmedTime();
        var idle = TimeSpan.FromMinutes(3);
        var pipe = new Pipe();
        using var api = StubServer.Answering(StubServer.Stream(pipe.Reader.AsStream())).Client(new() { TimeProvider = time, WatchIdleTimeout = idle });
        await using var events = api.WatchAsync(Kinds.Pods, new(), "7", Stop).GetAsyncEnumerator(Stop);
        var next = events.MoveNextAsync().AsTask();
        await time.ArmedFor(idle);
        time.Advance(idle - TimeSpan.FromSeconds(1));
        await WriteAsync(pipe, Bookmark + "\n");
        Assert.True(await next);

        time.Advance(idle * 10); // while the event is worked on, nobody waits for the server
        next = events.MoveNextAsync().AsTask();
        await time.PassAsync(idle);
        Assert.Contains("stalled", (await Assert.ThrowsAsync<TimeoutException>(() => next)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_connection_and_a_cancelled_watch_are_told_apart()
    {
        var pipe = new Pipe();
        using var stop = new CancellationTokenSource();
        using var api = new StubServer(_ => StubServer.Stream(pipe.Reader.AsStream())).Client();
        await using (var events = api.WatchAsync(Kinds.Pods, new(), "7", stop.Token).GetAsyncEnumerator(Stop))
        {
            var next = events.MoveNextAsync().AsTask();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        }

        pipe = new Pipe();
        await pipe.Writer.CompleteAsync(new IOException("reset by peer"));
        await Assert.ThrowsAsync<IOException>(() => ReadAsync(api.WatchAsync(Kinds.Pods, new(), "7", Stop)));
    }

    [Fact]
    public async Task A_watch_is_not_held_to_the_request_timeout_once_it_runs()
    {
        var time = new ArmedTime();
        var pipe = new Pipe();
        using var api = StubServer.Answering(StubServer.Stream(pipe.Reader.AsStream())).Client(new() { TimeProvider = time, MaxConcurrency = 1 });
        await using var events = api.WatchAsync(Kinds.Pods, new(), "7", Stop).GetAsyncEnumerator(Stop);
        var next = events.MoveNextAsync().AsTask();
        await time.ArmedFor(TimeSpan.FromMinutes(5));
        time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(pipe, Bookmark + "\n");
        Assert.True(await next);
    }

    private static string Event(string type, string name, int version, string note = "") =>
        $$$"""{"type":"{{{type}}}","object":{"kind":"Pod","metadata":{"name":"{{{name}}}","resourceVersion":"{{{version}}}","annotations":{"n":"{{{note}}}"} },"status":{"phase":"Running"} } }""";

    private static async Task WriteAsync(Pipe pipe, string text) => await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    private static async Task<List<WatchEvent<T>>> ReadAsync<T>(IAsyncEnumerable<WatchEvent<T>> events)
        where T : class
    {
        var all = new List<WatchEvent<T>>();
        await foreach (var e in events)
            all.Add(e);
        return all;
    }
}
