using System.Threading.Channels;
using Fleet.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Fleet.Runtime;

/// <summary>Tells people what happened, as events.k8s.io/v1 Events. Never holds up the work and never fails it.</summary>
public sealed partial class EventRecorder
{
    /// <summary>How many may wait to be told; an API server that is away must not cost memory.</summary>
    internal const int Capacity = 1024;

    private const int Tries = 5;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly IEventStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OperatorMetrics? _metrics;
    private readonly EventBook _book;
    private readonly BackOff _backOff = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(8));
    private readonly Channel<EventNote> _notes = Channel.CreateBounded<EventNote>(Capacity);

    /// <summary>A recorder.</summary>
    /// <param name="api">The server that keeps the events.</param>
    /// <param name="component">Who tells, <c>reportingController</c>: <c>fleet.microservices.dev/fleet-operator</c> for instance.</param>
    /// <param name="instance">Which of its processes, <c>reportingInstance</c>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of events that could not be told.</param>
    /// <param name="metrics">Counts events that could not be told.</param>
    public EventRecorder(ApiClient api, string component, string instance, TimeProvider time, ILogger logger, OperatorMetrics? metrics = null)
        : this(new ApiEventStore(api), component, instance, time, logger, metrics)
    {
    }

    internal EventRecorder(IEventStore store, string component, string instance, TimeProvider time, ILogger logger, OperatorMetrics? metrics = null)
    {
        (_store, _time, _logger, _metrics) = (store, time, logger, metrics);
        _book = new EventBook(component, instance);
    }

    /// <summary>How many were recorded and not looked at yet.</summary>
    internal int Waiting => _notes.Reader.Count;

    /// <summary>Notes an event, which is written soon after. The same again within ten minutes raises a count instead. Any thread may call it.</summary>
    /// <param name="regarding">The object it is about.</param>
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    /// <param name="reason">Why, in one CamelCase word.</param>
    /// <param name="action">What was done or tried, in one CamelCase word.</param>
    /// <param name="note">The same for people; cut to 1024 bytes.</param>
    /// <param name="related">Another object it involves.</param>
    public void Record(ObjectReference regarding, string type, string reason, string action, string note, ObjectReference? related = null)
    {
        if (!_notes.Writer.TryWrite(new EventNote(regarding, type, reason, action, note, related)))
            _metrics?.EventDropped();
    }

    /// <summary>Writes events until stopped, and then, for two seconds at most, those that still wait.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var end = new CancellationTokenSource();
        await using var bell = _time.CreateTimer(
            static end => ((CancellationTokenSource)end!).Cancel(), end, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var stopping = stop.Register(() => bell.Change(LastWords, Timeout.InfiniteTimeSpan));
        try
        {
            while (await WaitAsync(stop))
                await WriteAsync(last: false, end.Token);
            await WriteAsync(last: true, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            while (_notes.Reader.TryRead(out _))
                _metrics?.EventDropped();
        }
    }

    /// <summary>Until there is something to write, for the first time or again. False: stopped.</summary>
    private async Task<bool> WaitAsync(CancellationToken stop)
    {
        // Never longer than a series waits, should the wall clock have been set back.
        var wait = _book.NextDue - _time.GetUtcNow() is { } left
            ? TimeSpan.FromTicks(Math.Clamp(left.Ticks, 0, EventBook.WriteEvery.Ticks))
            : Timeout.InfiniteTimeSpan;
        try
        {
            await _notes.Reader.WaitToReadAsync(stop).AsTask().WaitAsync(wait, _time, stop);
        }
        catch (TimeoutException)
        {
            // A count is due.
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }

        return true;
    }

    private async Task WriteAsync(bool last, CancellationToken stop)
    {
        while (_notes.Reader.TryRead(out var note))
        {
            var (subject, told) = _book.Saw(note, _time.GetUtcNow());
            if (told is not null && !await TryAsync(subject, cut => _store.CreateAsync(told, cut), stop))
                _book.Forget(subject);
        }

        foreach (var (subject, ns, name, series) in _book.Due(_time.GetUtcNow(), last))
        {
            if (!await TryAsync(subject, cut => _store.UpdateSeriesAsync(ns, name, series, cut), stop))
                _book.Forget(subject);
        }
    }

    /// <summary>A refusal is final; a server that is away or in trouble is asked a few times more.</summary>
    private async Task<bool> TryAsync(EventSubject about, Func<CancellationToken, Task> write, CancellationToken stop)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await write(stop);
                return true;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                _metrics?.EventDropped();
                throw;
            }
#pragma warning disable CA1031 // an event is never worth the operator
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (failures + 1 == Tries || e is ApiException { IsServerError: false, IsTooManyRequests: false })
                {
                    _metrics?.EventDropped();
                    Log.NotTold(_logger, about.Reason, about.Regarding.Kind, about.Regarding.Namespace, about.Regarding.Name, Failures.Describe(e));
                    return false;
                }
            }

            await Task.Delay(_backOff.After(failures), _time, stop);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "event {Reason} of {Kind} {Namespace}/{Name} could not be told: {Failure}")]
        public static partial void NotTold(ILogger logger, string reason, string? kind, string? @namespace, string? name, string failure);
    }
}
