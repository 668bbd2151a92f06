using System.Security.Cryptography;
using System.Text;
using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>
/// Which events were told, so that the same one again becomes a count (events.k8s.io/v1 series) and not another object. Values in,
/// values out; not synchronized.
/// </summary>
/// <param name="component">The reportingController of what is told.</param>
/// <param name="instance">Its reportingInstance.</param>
internal sealed class EventBook(string component, string instance)
{
    /// <summary>The same again within this time of the last is one series.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>A series is written at most this often.</summary>
    public static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(30);

    /// <summary>More than this many subjects are not remembered: the one not seen for longest is forgotten, its next event told anew.</summary>
    public const int Capacity = 2048;

    // The API's own bounds (validation of events.k8s.io/v1).
    private const int LongestNote = 1024;
    private const int LongestWord = 128;
    private const int LongestName = 253;

    private readonly Dictionary<EventSubject, Series> _told = [];

    /// <summary>How many subjects are remembered.</summary>
    public int Count => _told.Count;

    /// <summary>Until when something is to be written; null when nothing is.</summary>
    public DateTimeOffset? NextDue => _told.Values.Where(s => s.Count > s.Written).Min(s => (DateTimeOffset?)s.WrittenAt + WriteEvery);

    /// <summary>Something happened: the event to create, or null where it only raised a count.</summary>
    public (EventSubject Subject, Event? ToCreate) Saw(EventNote note, DateTimeOffset now)
    {
        // The object's version differs each time and says nothing about whether this is the same.
        var regarding = note.Regarding with { ResourceVersion = null };
        var subject = new EventSubject(regarding, note.Type, Cut(note.Reason, LongestWord), Cut(note.Note, LongestNote));
        if (_told.TryGetValue(subject, out var series) && now - series.LastSeen <= Window)
        {
            series.Count++;
            series.LastSeen = now;
            return (subject, null);
        }

        MakeRoom(now);
        var told = New(note, subject, now);
        _told[subject] = new Series(told.Metadata.Namespace!, told.Metadata.Name) { LastSeen = now, WrittenAt = now };
        return (subject, told);
    }

    /// <summary>The series whose count is to be written now. They count as written.</summary>
    /// <param name="now">The time.</param>
    /// <param name="all">Those too whose time has not come, because we end.</param>
    public IReadOnlyList<(EventSubject Subject, string Namespace, string Name, EventSeries Series)> Due(DateTimeOffset now, bool all = false)
    {
        var due = new List<(EventSubject, string, string, EventSeries)>();
        foreach (var (subject, series) in _told)
        {
            if (series.Count == series.Written || (!all && now - series.WrittenAt < WriteEvery))
                continue;
            (series.Written, series.WrittenAt) = (series.Count, now);
            due.Add((subject, series.Namespace, series.Name, new EventSeries { Count = series.Count, LastObservedTime = series.LastSeen }));
        }

        return due;
    }

    /// <summary>The event could not be written, or is no longer there: the next one is told anew.</summary>
    public void Forget(EventSubject subject) => _told.Remove(subject);

    /// <summary>At most so many bytes of UTF-8, without half a character; what was cut off shows as three dots.</summary>
    internal static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
            return text;
        var left = bytes - 3;
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf8SequenceLength;
            if (left < 0)
                break;
            length += rune.Utf16SequenceLength;
        }

        return $"{text.AsSpan(0, length)}...";
    }

    private Event New(EventNote note, EventSubject subject, DateTimeOffset now)
    {
        // Unique among all that tell of this object: two processes may, within one tick of the clock.
        var suffix = $".{now.UtcTicks:x}{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
        var name = note.Regarding.Name ?? "unknown";
        if (name.Length > LongestName - suffix.Length)
            name = name[..(LongestName - suffix.Length)].TrimEnd('-', '.');
        // An event of a cluster-wide object lives in "default", as the API demands.
        var ns = string.IsNullOrEmpty(note.Regarding.Namespace) ? "default" : note.Regarding.Namespace;
        return new Event
        {
            Metadata = new ObjectMeta { Name = name + suffix, Namespace = ns },
            EventTime = now,
            ReportingController = component,
            ReportingInstance = Cut(instance, LongestWord),
            Action = Cut(note.Action, LongestWord),
            Reason = subject.Reason,
            Regarding = note.Regarding,
            Related = note.Related,
            Note = subject.Note,
            Type = note.Type,
        };
    }

    private void MakeRoom(DateTimeOffset now)
    {
        if (_told.Count < Capacity)
            return;
        // An eighth goes at once, so that a full book is not sorted for every new event.
        foreach (var (subject, _) in _told.OrderBy(s => s.Value.LastSeen).Take(Capacity / 8).Concat(_told.Where(s => now - s.Value.LastSeen > Window)).ToList())
            _told.Remove(subject);
    }

    private sealed class Series(string ns, string name)
    {
        public string Namespace { get; } = ns;

        public string Name { get; } = name;

        public int Count { get; set; } = 1;

        public int Written { get; set; } = 1;

        public DateTimeOffset LastSeen { get; set; }

        public DateTimeOffset WrittenAt { get; set; }
    }
}

/// <summary>What makes two events the same.</summary>
internal readonly record struct EventSubject(ObjectReference Regarding, string Type, string Reason, string Note);

/// <summary>What was recorded and is not told yet.</summary>
internal sealed record EventNote(ObjectReference Regarding, string Type, string Reason, string Action, string Note, ObjectReference? Related);
