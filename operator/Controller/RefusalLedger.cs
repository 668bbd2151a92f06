using System.Collections.Concurrent;
using Fleet.Apps;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>
/// Remembers what the server refused, so that it is not asked again for the same thing at every pass: after 2 s at first, after a minute at most,
/// or at once when something else is wanted.
/// </summary>
public sealed class RefusalLedger(TimeProvider time)
{
    private readonly ConcurrentDictionary<(ObjectKey App, string Id), Entry> _entries = new();
    private readonly BackOff _backOff = new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));

    /// <summary>The refusal that still stands for writing exactly this, or null when it may be tried.</summary>
    public Refusal? Standing(ObjectKey app, PlannedObject wanted) =>
        _entries.TryGetValue((app, wanted.Object.Id), out var entry) && entry.Fingerprint == wanted.Fingerprint && entry.Left(time) > TimeSpan.Zero ? entry.Refusal : null;

    /// <summary>Takes down a refusal.</summary>
    public void Note(ObjectKey app, PlannedObject wanted, Refusal refusal) => _entries.AddOrUpdate(
        (app, wanted.Object.Id),
        _ => new(wanted.Fingerprint, refusal, 1, time.GetTimestamp(), _backOff.After(0)),
        (_, was) =>
        {
            var failures = was.Fingerprint == wanted.Fingerprint ? was.Failures + 1 : 1;
            return new(wanted.Fingerprint, refusal, failures, time.GetTimestamp(), _backOff.After(failures - 1));
        });

    /// <summary>The write went through, or is no longer wanted.</summary>
    public void Clear(ObjectKey app, string id) => _entries.TryRemove((app, id), out _);

    /// <summary>Forgets what is not among these objects: nobody will try to write it, so nothing would ever clear it.</summary>
    public void Keep(ObjectKey app, IEnumerable<string> ids)
    {
        if (_entries.IsEmpty)
            return;
        var kept = ids.ToHashSet(StringComparer.Ordinal);
        foreach (var key in _entries.Keys.Where(k => k.App == app && !kept.Contains(k.Id)))
            _entries.TryRemove(key, out _);
    }

    /// <summary>Forgets an app that is gone, or that nothing is written for.</summary>
    public void Forget(ObjectKey app) => Keep(app, []);

    /// <summary>When the first of the app's refusals may be tried again; null when there is none.</summary>
    public TimeSpan? Next(ObjectKey app) => _entries.IsEmpty ? null
        : _entries.Where(e => e.Key.App == app).Min(e => (TimeSpan?)TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, e.Value.Left(time).Ticks)));

    private sealed record Entry(string Fingerprint, Refusal Refusal, int Failures, long At, TimeSpan Pause)
    {
        internal TimeSpan Left(TimeProvider time) => Pause - time.GetElapsedTime(At);
    }
}
