using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>
/// The objects of one kind as the server holds them, a moment behind, with our own writes already in it. One writer, the
/// <see cref="Watcher{T}"/>; any number of readers; what a reader is given never changes.
/// </summary>
/// <remarks>
/// A lock and not an immutable snapshot: a watch event touches one object, for which persistent dictionaries would allocate a path
/// of nodes per index and keep thousands of small nodes alive, while a reader holds the lock for one lookup or for copying a few
/// references. A list is built and compared outside the lock and swapped in under it.
/// </remarks>
public sealed class ObjectCache<T> : IObjectCache, ICacheWriter<T>
    where T : class, IKubeObject
{
    private const int OwnerIndex = 0;

    private readonly Lock _gate = new();
    private readonly CacheIndex<T>[] _indexes;
    private readonly Witnesses<T> _witnesses;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Store<T> _seen;          // changed by the writer under the lock, so the writer itself may read it without
    private Store<T>? _listing;      // the writer's own
    private ulong _passed;
    private CacheState _state;
    private string? _denial;

    /// <summary>An empty cache.</summary>
    /// <param name="resource">The kind it holds.</param>
    /// <param name="indexes">How objects are found by <see cref="By"/>; the index behind <see cref="OwnedBy"/> is always there.</param>
    public ObjectCache(Resource resource, params CacheIndex<T>[] indexes)
    {
        Resource = resource;
        _indexes = [new CacheIndex<T>("owner", static obj => obj.Metadata.OwnerReferences?.Select(owner => owner.Uid) ?? []), .. indexes];
        _witnesses = new Witnesses<T>(_indexes);
        _seen = new Store<T>(_indexes);
    }

    /// <summary>
    /// The watch has shown that an object was added (before is null), changed, replaced by another of its name, or is gone (now is
    /// null). Called by the writer, one change at a time, when readers see it. Our own writes are announced when the watch shows them.
    /// </summary>
    public event Action<T?, T?>? Changed;

    /// <summary>The cache has moved to this state. Called by the writer, after the changes that came with it.</summary>
    public event Action<CacheState>? StateChanged;

    /// <inheritdoc/>
    public Resource Resource { get; }

    /// <inheritdoc/>
    public CacheState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    /// <inheritdoc/>
    public string? Denial
    {
        get
        {
            lock (_gate)
                return _denial;
        }
    }

    /// <inheritdoc/>
    public Task Settled => _settled.Task;

    /// <inheritdoc/>
    public int Count
    {
        get
        {
            lock (_gate)
                return _witnesses.IsEmpty ? _seen.Count : _seen.All.Count(_witnesses.Shows) + _witnesses.Answers.Count;
        }
    }

    /// <summary>Everything, in no particular order.</summary>
    public IReadOnlyCollection<T> All
    {
        get
        {
            lock (_gate)
                return _witnesses.IsEmpty ? [.. _seen.All] : [.. _seen.All.Where(_witnesses.Shows), .. _witnesses.Answers.All];
        }
    }

    /// <summary>What every object passes through on its way in, the answers to our own writes too: to keep of it what is needed.</summary>
    internal Func<T, T>? Trim { get; set; }

    /// <summary>Whether readers see anything that the watch has not shown.</summary>
    internal bool HasWitnesses
    {
        get
        {
            lock (_gate)
                return !_witnesses.IsEmpty;
        }
    }

    /// <summary>The object of this name, or null.</summary>
    public T? Find(string? ns, string name)
    {
        var key = new ObjectKey(ns ?? "", name);
        lock (_gate)
        {
            if (_witnesses.Answers.Find(key) is { } answer)
                return answer;
            return _seen.Find(key) is { } seen && _witnesses.Shows(seen) ? seen : null;
        }
    }

    /// <summary>The objects that name this UID among their owners, in no particular order.</summary>
    public IReadOnlyCollection<T> OwnedBy(string uid) => By(OwnerIndex, uid);

    /// <summary>The objects that an index gave this key, in no particular order.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IReadOnlyCollection<T> By(string index, string key)
    {
        var at = Array.FindIndex(_indexes, i => i.Name == index);
        return at > OwnerIndex ? By(at, key) : throw new ArgumentException($"{Resource} has no index '{index}'", nameof(index));
    }

    /// <summary>
    /// Our own write was answered with this object: readers see it until the watch is past its version. An answer older than what the
    /// watch has shown is ignored, and so is every answer while the cache is not synced.
    /// </summary>
    public void Witness(T answer)
    {
        var kept = Trim?.Invoke(answer) ?? answer;
        lock (_gate)
        {
            if (_state == CacheState.Synced)
                _witnesses.Add(kept, _passed);
        }
    }

    /// <summary>
    /// Our deletion of this very object was accepted: readers do not see it until the watch shows it with a deletionTimestamp or
    /// another in its place. Nothing is hidden that readers do not see now: the watch may have been faster than the answer.
    /// </summary>
    public void WitnessDeleted(string? ns, string name, string uid)
    {
        var key = new ObjectKey(ns ?? "", name);
        lock (_gate)
        {
            if (_state == CacheState.Synced)
                _witnesses.AddGone(key, uid, _seen.Find(key));
        }
    }

    void ICacheWriter<T>.Init()
    {
        _listing = new Store<T>(_indexes);
        lock (_gate)
            _witnesses.ListBegins();
    }

    void ICacheWriter<T>.InitApply(T obj) => Listing.Put(Trim?.Invoke(obj) ?? obj);

    void ICacheWriter<T>.InitDone(string resourceVersion)
    {
        var (before, now) = (_seen, Listing);
        _listing = null;
        var changes = Differences(before, now);
        bool moved;
        lock (_gate)
        {
            _seen = now;
            _passed = Versions.Parse(resourceVersion) ?? 0;
            _witnesses.ListEnds(_passed, now);
            moved = MoveTo(CacheState.Synced, null);
        }

        Announce(changes, moved);
    }

    void ICacheWriter<T>.Apply(T obj)
    {
        var now = Trim?.Invoke(obj) ?? obj;
        T? before;
        lock (_gate)
        {
            before = _seen.Put(now);
            _witnesses.Shown(ObjectKey.Of(now), before, now);
            Pass(now.Metadata.ResourceVersion);
        }

        // The first event after a resumed watch may be one that was told already.
        if (before is null || !Same(before, now))
            Announce([(before, now)], moved: false);
    }

    void ICacheWriter<T>.Delete(T obj)
    {
        T? before;
        lock (_gate)
        {
            before = _seen.Remove(ObjectKey.Of(obj));
            _witnesses.Shown(ObjectKey.Of(obj), before, null);
            Pass(obj.Metadata.ResourceVersion);
        }

        if (before is not null)
            Announce([(before, null)], moved: false);
    }

    void ICacheWriter<T>.Bookmark(string resourceVersion)
    {
        lock (_gate)
            Pass(resourceVersion);
    }

    void ICacheWriter<T>.NotServed()
    {
        var changes = Differences(_seen, new Store<T>(_indexes));
        bool moved;
        lock (_gate)
        {
            _seen = new Store<T>(_indexes);
            moved = MoveTo(CacheState.NotServed, null);
        }

        Announce(changes, moved);
    }

    void ICacheWriter<T>.Denied(string denial)
    {
        bool moved;
        lock (_gate)
            moved = MoveTo(CacheState.Denied, denial);
        Announce([], moved);
    }

    private Store<T> Listing => _listing ?? throw new InvalidOperationException("Init comes first");

    private T[] By(int index, string key)
    {
        lock (_gate)
        {
            var seen = _seen.By(index, key);
            if (_witnesses.IsEmpty)
                return seen.ToArray();
            var found = new List<T>(seen.Length + 1);
            foreach (var obj in seen)
            {
                if (_witnesses.Shows(obj))
                    found.Add(obj);
            }

            found.AddRange(_witnesses.Answers.By(index, key));
            return [.. found];
        }
    }

    private void Pass(string? resourceVersion)
    {
        if (Versions.Parse(resourceVersion) is not { } version || version <= _passed)
            return;
        _passed = version;
        _witnesses.Passed(version, _seen);
    }

    private bool MoveTo(CacheState state, string? denial)
    {
        if (state != CacheState.Synced)
            _witnesses.Clear(); // no watch is there to end them
        var moved = _state != state;
        (_state, _denial) = (state, denial);
        return moved;
    }

    private static List<(T? Before, T? Now)> Differences(Store<T> before, Store<T> now)
    {
        var changes = new List<(T?, T?)>();
        foreach (var was in before.All)
        {
            if (!now.Contains(ObjectKey.Of(was)))
                changes.Add((was, null));
        }

        foreach (var obj in now.All)
        {
            var was = before.Find(ObjectKey.Of(obj));
            if (was is null || !Same(was, obj))
                changes.Add((was, obj));
        }

        return changes;
    }

    private static bool Same(T a, T b) =>
        a.Metadata.ResourceVersion is { } version && version == b.Metadata.ResourceVersion && a.Metadata.Uid == b.Metadata.Uid;

    private void Announce(List<(T? Before, T? Now)> changes, bool moved)
    {
        List<Exception>? failures = null;
        foreach (var (before, now) in changes)
            Guard(() => Changed?.Invoke(before, now));
        if (moved)
            Guard(() => StateChanged?.Invoke(State));
        _settled.TrySetResult();
        if (failures is not null)
            throw new AggregateException($"{failures.Count} of {changes.Count} announcements of {Resource} failed", failures);

        // One listener's fault must not cost the others their news: it would not come again.
        void Guard(Action tell)
        {
            try
            {
                tell();
            }
#pragma warning disable CA1031 // whatever it is, it is thrown below
            catch (Exception e)
#pragma warning restore CA1031
            {
                (failures ??= []).Add(e);
            }
        }
    }
}
