using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>
/// Objects by key, and by what their indexes say. Not synchronized. An index entry is a short list, not a set: most hold one to
/// ten objects, and thousands of sets would cost more than the objects' own keys.
/// </summary>
internal sealed class Store<T>(CacheIndex<T>[] indexes)
    where T : class, IKubeObject
{
    private readonly Dictionary<ObjectKey, T> _objects = [];
    private readonly Dictionary<string, List<T>>[] _buckets = [.. indexes.Select(_ => new Dictionary<string, List<T>>(StringComparer.Ordinal))];

    public int Count => _objects.Count;

    public Dictionary<ObjectKey, T>.ValueCollection All => _objects.Values;

    public T? Find(ObjectKey key) => _objects.GetValueOrDefault(key);

    public bool Contains(ObjectKey key) => _objects.ContainsKey(key);

    public ReadOnlySpan<T> By(int index, string key) => CollectionsMarshal.AsSpan(_buckets[index].GetValueOrDefault(key));

    public bool TryFind(ObjectKey key, [MaybeNullWhen(false)] out T found) => _objects.TryGetValue(key, out found);

    /// <summary>Puts an object in the place of the one with its key, and returns that one.</summary>
    public T? Put(T obj)
    {
        var key = ObjectKey.Of(obj);
        var before = Remove(key);
        _objects.Add(key, obj);
        for (var i = 0; i < indexes.Length; i++)
        {
            foreach (var value in indexes[i].Keys(obj))
            {
                ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(_buckets[i], value, out _);
                bucket ??= new List<T>(1);
                // An object may name the same key twice: it then is the bucket's last already.
                if (bucket.Count == 0 || !ReferenceEquals(bucket[^1], obj))
                    bucket.Add(obj);
            }
        }

        return before;
    }

    /// <summary>Takes an object out, and returns it.</summary>
    public T? Remove(ObjectKey key)
    {
        if (!_objects.Remove(key, out var before))
            return null;
        for (var i = 0; i < indexes.Length; i++)
        {
            foreach (var value in indexes[i].Keys(before))
                TakeOut(_buckets[i], value, before);
        }

        return before;
    }

    private static void TakeOut(Dictionary<string, List<T>> buckets, string key, T obj)
    {
        if (!buckets.TryGetValue(key, out var bucket))
            return;
        var at = bucket.FindIndex(other => ReferenceEquals(other, obj));
        if (at < 0)
            return;
        bucket[at] = bucket[^1]; // order says nothing here, so nothing needs to move up
        bucket.RemoveAt(bucket.Count - 1);
        if (bucket.Count == 0)
            buckets.Remove(key);
    }
}
