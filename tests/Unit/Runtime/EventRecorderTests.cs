using System.Net;
using System.Text;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class EventRecorderTests : IDisposable
{
    private static readonly ObjectReference Shop = new()
    {
        ApiVersion = "fleet.microservices.dev/v1", Kind = "MicroserviceApp", Namespace = "demo", Name = "shop", Uid = "u1", ResourceVersion = "1",
    };

    private readonly Simulation _sim = new();
    private readonly FakeEvents _store = new();
    private readonly ListLogger _log = new();
    private readonly OperatorMetrics _metrics = new();
    private readonly EventRecorder _recorder;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public EventRecorderTests()
    {
        _recorder = new EventRecorder(_store, "fleet.microservices.dev/operator", "pod-1", _sim.Time, _log, _metrics);
        _running = _recorder.RunAsync(_stop.Token);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _sim.Advance(TimeSpan.FromSeconds(3));
        _sim.End(_running);
        _stop.Dispose();
        _sim.Dispose();
    }

    [Fact]
    public void An_event_has_what_the_api_asks_for()
    {
        _recorder.Record(Shop, "Warning", "NameConflict", "Apply", "Service/shop-auth is not ours", Shop with { Name = "shop-auth" });
        var told = Told(1)[0];
        Assert.StartsWith("shop.", told.Metadata.Name, StringComparison.Ordinal);
        Assert.Equal("demo", told.Metadata.Namespace);
        Assert.Equal(Simulation.Start, told.EventTime);
        Assert.Equal(("fleet.microservices.dev/operator", "pod-1"), (told.ReportingController, told.ReportingInstance));
        Assert.Equal(("Apply", "NameConflict", "Warning"), (told.Action, told.Reason, told.Type));
        Assert.Equal("Service/shop-auth is not ours", told.Note);
        Assert.Equal("shop-auth", told.Related!.Name);
        Assert.Equal("u1", told.Regarding!.Uid);
        Assert.Null(told.Series);
    }

    [Fact]
    public void The_same_again_becomes_a_count_written_now_and_then()
    {
        Record();
        _ = Told(1);
        for (var version = 2; version <= 40; version++)
        {
            Record(Shop with { ResourceVersion = $"{version}" });
            _sim.Until(() => _recorder.Waiting == 0);
            _sim.Advance(TimeSpan.FromSeconds(1));
        }

        _sim.Until(() => _store.Series.Count == 1);
        Assert.InRange(_store.Series[0].Series.Count, 29, 33);
        _sim.Advance(TimeSpan.FromSeconds(31), 1000);
        _sim.Until(() => _store.Series.Count == 2);
        Assert.Equal(40, _store.Series[1].Series.Count);
        Assert.Equal(_store.Created[0].Metadata.Name, _store.Series[1].Name);
        _sim.Advance(TimeSpan.FromMinutes(5), 1000);
        Assert.Equal((1, 2), (_store.Created.Count, _store.Series.Count));
    }

    [Fact]
    public void Ten_minutes_later_it_is_told_anew()
    {
        Record();
        _ = Told(1);
        _sim.Advance(TimeSpan.FromMinutes(10.1), 1000);
        Record();
        Assert.NotEqual(Told(2)[0].Metadata.Name, _store.Created[1].Metadata.Name);
    }

    [Fact]
    public void Another_note_is_another_event()
    {
        Record(note: "one");
        Record(note: "two");
        Assert.Equal(["one", "two"], Told(2).Select(e => e.Note));
    }

    [Fact]
    public void An_event_of_a_cluster_wide_object_lives_in_default()
    {
        Record(Shop with { Namespace = null });
        Assert.Equal("default", Told(1)[0].Metadata.Namespace);
    }

    [Theory]
    [InlineData("ab", 5000, 1024)]
    [InlineData("ü", 5000, 1023)] // half a character is not sent
    [InlineData("€", 5000, 1023)]
    [InlineData("🚢", 5000, 1023)]
    [InlineData("ab", 512, 1024)]
    public void A_long_note_is_cut_to_1024_bytes(string text, int times, int expected)
    {
        Record(note: string.Concat(Enumerable.Repeat(text, times)));
        var note = Told(1)[0].Note!;
        Assert.Equal(expected, Encoding.UTF8.GetByteCount(note));
        Assert.Equal(times > 1024, note.EndsWith("...", StringComparison.Ordinal));
        Assert.DoesNotContain('\uFFFD', note);
    }

    [Fact]
    public void A_long_name_still_makes_a_valid_one()
    {
        Record(Shop with { Name = new string('a', 253) });
        Assert.InRange(Told(1)[0].Metadata.Name.Length, 230, 253);
    }

    [Fact]
    public void A_server_that_is_away_is_asked_again()
    {
        _store.Fails = new HttpRequestException("connection refused");
        Record();
        _sim.Until(() => _store.Tries == 1);
        _store.Fails = null;
        _sim.Advance(TimeSpan.FromSeconds(1));
        _ = Told(1);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void A_refusal_is_logged_and_not_repeated()
    {
        _store.Fails = new ApiException(HttpStatusCode.Forbidden, new ApiStatus { Reason = "Forbidden", Message = "events.k8s.io is forbidden" });
        Record();
        _sim.Until(() => _log.Lines.Count == 1);
        Assert.StartsWith("Warning: event NameConflict of MicroserviceApp demo/shop could not be told", _log.Lines[0], StringComparison.Ordinal);
        Assert.Contains("fleet_events_dropped_total 1", _metrics.ToText(), StringComparison.Ordinal);
        _store.Fails = null;
        Record();
        _ = Told(1);
        Assert.Equal(2, _store.Tries);
    }

    [Fact]
    public void A_count_of_an_event_that_is_no_longer_there_starts_anew()
    {
        Record();
        _ = Told(1);
        Record();
        _sim.Until(() => _recorder.Waiting == 0);
        _store.Fails = new ApiException(HttpStatusCode.NotFound, new ApiStatus { Reason = "NotFound" });
        _sim.Advance(TimeSpan.FromSeconds(31), 1000);
        _sim.Until(() => _log.Lines.Count == 1);
        _store.Fails = null;
        Record();
        _ = Told(2);
    }

    [Fact]
    public void A_full_queue_drops_and_counts_and_never_waits()
    {
        _store.Hangs = true;
        for (var i = 0; i < EventRecorder.Capacity + 100; i++)
            Record(note: $"{i}");
        Assert.Matches("fleet_events_dropped_total (99|100)\n", _metrics.ToText());
    }

    [Fact]
    public void Stopped_it_still_writes_what_waits()
    {
        Record(note: "one");
        Record(note: "one");
        Record(note: "two");
        _stop.Cancel();
        _sim.End(_running);
        Assert.Equal(["one", "two"], _store.Created.Select(e => e.Note));
        Assert.Equal(2, Assert.Single(_store.Series).Series.Count);
    }

    [Fact]
    public void Stopped_it_does_not_wait_for_a_server_that_is_away()
    {
        _store.Hangs = true;
        Record(note: "one");
        Record(note: "two");
        _sim.Until(() => _store.Tries == 1);
        _stop.Cancel();
        _sim.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(_running.IsCompleted);
        _sim.Advance(TimeSpan.FromSeconds(0.2));
        _sim.End(_running);
        Assert.Contains("fleet_events_dropped_total 2", _metrics.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_book_does_not_grow_without_end()
    {
        var book = new EventBook("fleet", "pod-1");
        for (var i = 0; i < EventBook.Capacity * 3; i++)
            Assert.NotNull(book.Saw(Note($"{i}"), Simulation.Start.AddSeconds(i / 100.0)).ToCreate);
        Assert.InRange(book.Count, EventBook.Capacity / 2, EventBook.Capacity);
        Assert.Null(book.Saw(Note($"{(EventBook.Capacity * 3) - 1}"), Simulation.Start.AddMinutes(2)).ToCreate);

        static EventNote Note(string text) => new(Shop, "Normal", "Recreated", "Apply", text, null);
    }

    private void Record(ObjectReference? regarding = null, string note = "in the way") =>
        _recorder.Record(regarding ?? Shop, "Warning", "NameConflict", "Apply", note);

    private List<Event> Told(int count)
    {
        _sim.Until(() => _store.Created.Count == count);
        return _store.Created;
    }

    private sealed class FakeEvents : IEventStore
    {
        public List<Event> Created { get; } = [];

        public List<(string Namespace, string Name, EventSeries Series)> Series { get; } = [];

        public Exception? Fails { get; set; }

        public bool Hangs { get; set; }

        public int Tries { get; private set; }

        public async Task CreateAsync(Event told, CancellationToken stop)
        {
            await AnswerAsync(stop);
            Created.Add(told);
        }

        public async Task UpdateSeriesAsync(string ns, string name, EventSeries series, CancellationToken stop)
        {
            await AnswerAsync(stop);
            Series.Add((ns, name, series));
        }

        private Task AnswerAsync(CancellationToken stop)
        {
            Tries++;
            return Fails is not null ? throw Fails : Hangs ? Task.Delay(Timeout.Infinite, stop) : Task.CompletedTask;
        }
    }
}
