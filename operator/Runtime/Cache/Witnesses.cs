using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>
/// What our own writes were answered and the watch has not shown yet, laid over what the watch has shown: without it the pass that
/// follows a write would see the world before it and write again. Not synchronized.
/// </summary>
/// <remarks>
/// Of one key there is either an answer, seen in place of what the watch has shown, or the note that it was deleted. All of it ends by
/// itself: a watch tells a resource's events in the order of their versions, so once it is past the version of an answer it has shown
/// that object, or a newer one, or that it is gone; and a list that was asked for after the answer holds it.
/// </remarks>
internal sealed class Witnesses<T>(CacheIndex<T>[] indexes)
    where T : class, IKubeObject
{
    private readonly Dictionary<ObjectKey, Gone> _gone = [];
    private readonly PriorityQueue<ObjectKey, ulong> _awaited = new();
    private List<T> _answersBeforeList = [];
    private List<(ObjectKey Key, Gone Gone)> _goneBeforeList = [];

    /// <summary>The answers that readers see in place of what the watch has shown.</summary>
    public Store<T> Answers { get; } = new(indexes);

    public bool IsEmpty => Answers.Count == 0 && _gone.Count == 0;

    /// <summary>Whether readers see an object as the watch has shown it.</summary>
    public bool Shows(T seen)
    {
        var key = ObjectKey.Of(seen);
        return !Answers.Contains(key) && !(_gone.TryGetValue(key, out var gone) && gone.Hides(seen));
    }

    /// <summary>Our write was answered with this object.</summary>
    /// <param name="answer">The object.</param>
    /// <param name="passed">The version that the watch has passed.</param>
    public void Add(T answer, ulong passed)
    {
        if (Versions.Of(answer) is not { } version || version <= passed)
            return; // the watch has shown this or something newer, or its deletion
        var key = ObjectKey.Of(answer);
        if (Answers.TryFind(key, out var other) && Versions.Of(other) >= version)
            return; // two writes at once: the newer answer stays
        // The answer to an earlier write may be read after the answer to a deletion. One that is being deleted is told as it is.
        if (_gone.TryGetValue(key, out var gone) && answer.Metadata.DeletionTimestamp is null && gone.Hides(answer))
            return;

        _gone.Remove(key);
        Answers.Put(answer);
        _awaited.Enqueue(key, version);
    }

    /// <summary>Our deletion of this very object was accepted.</summary>
    /// <param name="key">Where it was.</param>
    /// <param name="uid">Which it was.</param>
    /// <param name="seen">What the watch shows there.</param>
    public void AddGone(ObjectKey key, string uid, T? seen)
    {
        if (Answers.TryFind(key, out var answer))
        {
            if (answer.Metadata.Uid != uid || answer.Metadata.DeletionTimestamp is not null)
                return;
            // The watch has yet to show it, and whatever was there before it.
            Answers.Remove(key);
            var version = Versions.Of(answer) ?? 0;
            _gone[key] = new Gone(uid, version);
            _awaited.Enqueue(key, version);
        }
        else if (seen is { Metadata: { DeletionTimestamp: null } meta } && meta.Uid == uid)
        {
            _gone.TryAdd(key, new Gone(uid, ShownFrom: 0));
        }
    }

    /// <summary>The watch has shown a change of one object.</summary>
    public void Shown(ObjectKey key, T? before, T? now)
    {
        if (!_gone.TryGetValue(key, out var gone))
            return;
        var ends = now is null
            ? before?.Metadata.Uid == gone.Uid
            : now.Metadata.Uid == gone.Uid ? now.Metadata.DeletionTimestamp is not null : !gone.Hides(now);
        if (ends)
            _gone.Remove(key);
    }

    /// <summary>The watch has shown everything up to this version.</summary>
    public void Passed(ulong version, Store<T> seen)
    {
        while (_awaited.TryPeek(out var key, out var at) && at <= version)
        {
            _awaited.Dequeue();
            if (Answers.TryFind(key, out var answer) && Versions.Of(answer) <= version)
                Answers.Remove(key);
            // Of one that we made and deleted the watch shows both, or, if it skipped them in a list, nothing more.
            if (_gone.TryGetValue(key, out var gone) && gone.ShownFrom <= version && seen.Find(key)?.Metadata.Uid != gone.Uid)
                _gone.Remove(key);
        }
    }

    /// <summary>A list is about to be asked for: whatever is witnessed by now, it will hold.</summary>
    public void ListBegins()
    {
        _answersBeforeList = [.. Answers.All];
        _goneBeforeList = [.. _gone.Select(g => (g.Key, g.Value))];
    }

    /// <summary>The list is complete.</summary>
    public void ListEnds(ulong version, Store<T> listed)
    {
        foreach (var answer in _answersBeforeList)
        {
            var key = ObjectKey.Of(answer);
            if (ReferenceEquals(Answers.Find(key), answer))
                Answers.Remove(key);
        }

        foreach (var (key, gone) in _goneBeforeList)
        {
            if (_gone.GetValueOrDefault(key) == gone)
                _gone.Remove(key);
        }

        (_answersBeforeList, _goneBeforeList) = ([], []);
        Passed(version, listed);
        foreach (var (key, gone) in _gone.ToArray())
        {
            var now = listed.Find(key);
            if (now?.Metadata.Uid == gone.Uid ? now.Metadata.DeletionTimestamp is not null : gone.ShownFrom <= version)
                _gone.Remove(key);
        }
    }

    /// <summary>Nothing is known any more.</summary>
    public void Clear()
    {
        foreach (var key in Answers.All.Select(a => ObjectKey.Of(a)).ToArray())
            Answers.Remove(key);
        _gone.Clear();
        _awaited.Clear();
        (_answersBeforeList, _goneBeforeList) = ([], []);
    }

    /// <summary>One that we deleted.</summary>
    /// <param name="Uid">Which.</param>
    /// <param name="ShownFrom">From this version on the watch has shown it; whatever it shows there before is older still. 0: it has.</param>
    private sealed record Gone(string Uid, ulong ShownFrom)
    {
        public bool Hides(T obj) => obj.Metadata.Uid == Uid || Versions.Of(obj) < ShownFrom;
    }
}
