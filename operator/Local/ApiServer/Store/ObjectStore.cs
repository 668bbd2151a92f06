using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Fleet.Runtime;

namespace Fleet.Local.ApiServer;

/// <summary>
/// All objects, in memory, with one revision for every change. Readers get immutable snapshots; writers hold <see cref="Gate"/> from reading to
/// committing, so nothing is ever lost between the two. What changed last is kept, for watches that resume.
/// </summary>
internal sealed class ObjectStore
{
    /// <summary>How many changes of one kind a watch can resume over; older ones are answered with 410 Expired.</summary>
    internal const int HistoryLength = 4096;

    private readonly Dictionary<string, Shelf> _shelves = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Kind, StoredObject Object)> _byUid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _dependents = new(StringComparer.Ordinal);
    private readonly List<Subscription> _subscriptions = [];

    private long _revision = 1;

    /// <summary>Held by whoever writes. Reading needs no lock beyond it.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>The revision of the last change.</summary>
    internal long Revision
    {
        get
        {
            lock (Gate)
                return _revision;
        }
    }

    /// <summary>The objects of a kind as of now, in the order of namespace and name.</summary>
    internal (ImmutableSortedDictionary<ObjectKey, StoredObject> Objects, long Revision) Read(string kind)
    {
        lock (Gate)
            return (ShelfOf(kind).Objects, _revision);
    }

    /// <summary>One object, or null.</summary>
    internal StoredObject? Find(string kind, ObjectKey key)
    {
        lock (Gate)
            return ShelfOf(kind).Objects.GetValueOrDefault(key);
    }

    /// <summary>The object of an identity, or null.</summary>
    internal (string Kind, StoredObject Object)? FindByUid(string uid)
    {
        lock (Gate)
            return _byUid.TryGetValue(uid, out var found) ? found : null;
    }

    /// <summary>The objects that name it as an owner.</summary>
    internal IReadOnlyList<(string Kind, StoredObject Object)> DependentsOf(string uid)
    {
        lock (Gate)
            return _dependents.TryGetValue(uid, out var uids) ? [.. uids.Select(u => _byUid[u])] : [];
    }

    /// <summary>Puts an object in place, at a new revision. The caller holds <see cref="Gate"/>.</summary>
    internal StoredObject Put(string kind, JsonObject complete)
    {
        var shelf = ShelfOf(kind);
        complete.Meta()["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
        var stored = StoredObject.Of(complete);
        var before = shelf.Objects.GetValueOrDefault(stored.Key);
        shelf.Objects = shelf.Objects.SetItem(stored.Key, stored);
        if (before is not null)
            Unindex(before);
        _byUid[stored.Uid] = (kind, stored);
        foreach (var owner in stored.Owners)
            (_dependents.TryGetValue(owner, out var set) ? set : _dependents[owner] = new(StringComparer.Ordinal)).Add(stored.Uid);
        Tell(shelf, new(kind, _revision, before, stored));
        return stored;
    }

    /// <summary>Shows an object otherwise from now on, without a change: as if it had always been read so. The caller holds <see cref="Gate"/>.</summary>
    internal void Restate(string kind, StoredObject stored)
    {
        var shelf = ShelfOf(kind);
        shelf.Objects = shelf.Objects.SetItem(stored.Key, stored);
        _byUid[stored.Uid] = (kind, stored);
    }

    /// <summary>Takes an object away, at a new revision. The caller holds <see cref="Gate"/>.</summary>
    internal StoredObject Remove(string kind, StoredObject stored)
    {
        var shelf = ShelfOf(kind);
        shelf.Objects = shelf.Objects.Remove(stored.Key);
        Unindex(stored);
        var last = stored.Copy();
        last.Meta()["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
        var gone = StoredObject.Of(last);
        Tell(shelf, new(kind, _revision, stored, null, gone));
        return gone;
    }

    /// <summary>Forgets a kind that is no longer served.</summary>
    internal void Drop(string kind)
    {
        lock (Gate)
            _shelves.Remove(kind);
    }

    /// <summary>Follows the changes of one kind after a revision.</summary>
    /// <exception cref="ApiError">The revision is older than what is remembered, or not reached yet.</exception>
    internal Subscription Follow(string kind, long after)
    {
        lock (Gate)
        {
            var shelf = ShelfOf(kind);
            if (after > _revision)
                throw ApiError.FromTheFuture(after, _revision);
            if (after < shelf.Forgotten)
                throw ApiError.Expired(after, shelf.Forgotten);
            return Subscribe(kind, shelf.History.Where(c => c.Revision > after));
        }
    }

    /// <summary>Follows the changes of one kind from now on, together with all there is.</summary>
    internal (Subscription Changes, IReadOnlyCollection<StoredObject> Objects, long Revision) FollowAll(string kind)
    {
        lock (Gate)
            return (Subscribe(kind, []), [.. ShelfOf(kind).Objects.Values], _revision);
    }

    /// <summary>Follows every change of every kind from now on.</summary>
    internal Subscription FollowEverything()
    {
        lock (Gate)
            return Subscribe(null, []);
    }

    private Subscription Subscribe(string? kind, IEnumerable<Change> first)
    {
        var subscription = new Subscription(this, kind);
        foreach (var change in first)
            subscription.Tell(change);
        _subscriptions.Add(subscription);
        return subscription;
    }

    private void Unsubscribe(Subscription subscription)
    {
        lock (Gate)
            _subscriptions.Remove(subscription);
    }

    private void Tell(Shelf shelf, Change change)
    {
        shelf.History.Enqueue(change);
        if (shelf.History.Count > HistoryLength)
            shelf.Forgotten = shelf.History.Dequeue().Revision;
        foreach (var subscription in _subscriptions.Where(s => s.Kind is null || s.Kind == change.Kind))
            subscription.Tell(change);
    }

    private void Unindex(StoredObject stored)
    {
        _byUid.Remove(stored.Uid);
        foreach (var owner in stored.Owners)
        {
            if (_dependents.TryGetValue(owner, out var set) && set.Remove(stored.Uid) && set.Count == 0)
                _dependents.Remove(owner);
        }
    }

    // What is remembered of a kind begins when it is first asked for.
    private Shelf ShelfOf(string kind) => _shelves.TryGetValue(kind, out var shelf) ? shelf : _shelves[kind] = new() { Forgotten = _revision };

    private sealed class Shelf
    {
        internal ImmutableSortedDictionary<ObjectKey, StoredObject> Objects { get; set; } = ImmutableSortedDictionary.Create<ObjectKey, StoredObject>(ByName.Instance);

        internal Queue<Change> History { get; } = new();

        /// <summary>The newest revision whose change is no longer in the history.</summary>
        internal long Forgotten { get; set; }
    }

    private sealed class ByName : IComparer<ObjectKey>
    {
        internal static readonly ByName Instance = new();

        public int Compare(ObjectKey x, ObjectKey y) =>
            string.CompareOrdinal(x.Namespace, y.Namespace) is var order and not 0 ? order : string.CompareOrdinal(x.Name, y.Name);
    }

    /// <summary>A stream of changes, without gaps, until it is disposed.</summary>
    internal sealed class Subscription(ObjectStore store, string? kind) : IDisposable
    {
        private readonly Channel<Change> _changes = Channel.CreateUnbounded<Change>(new() { SingleReader = true });

        /// <summary>The kind that is followed; null for all.</summary>
        internal string? Kind { get; } = kind;

        /// <summary>The changes, oldest first.</summary>
        internal ChannelReader<Change> Reader => _changes.Reader;

        internal void Tell(Change change) => _changes.Writer.TryWrite(change);

        /// <inheritdoc/>
        public void Dispose() => store.Unsubscribe(this);
    }
}
