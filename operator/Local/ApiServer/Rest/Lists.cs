using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Runtime;

namespace Fleet.Local.ApiServer;

/// <summary>Lists, in pages that all show one moment.</summary>
internal sealed class Lists(ObjectStore store, TimeProvider time)
{
    // Lists that are being paged through, by revision: few at a time, and the oldest can be started again.
    private const int MaxSnapshots = 64;

    private readonly Dictionary<(string Kind, long Revision), ImmutableSortedDictionary<ObjectKey, StoredObject>> _snapshots = [];
    private readonly Queue<(string Kind, long Revision)> _order = new();

    /// <summary>Answers a list.</summary>
    internal byte[] List(ApiRequest request)
    {
        var storage = StorageKeys.Of(request.Kind);
        var (limit, selection) = (request.Number("limit") ?? 0, request.Selection);
        var (objects, revision, after) = request.Query("continue") is { } token ? Resume(storage, token) : First(storage, request);
        var page = objects.Where(o => (request.Path.Namespace is null || o.Key.Namespace == request.Path.Namespace) && (after is not { } last || Compare(o.Key, last) > 0) && selection.Takes(o.Value));
        var total = limit > 0 && selection.IsAll ? page.Count() : 0;
        var taken = (limit > 0 ? page.Take((int)Math.Min(limit, int.MaxValue - 1) + 1) : page).Select(o => o.Value).ToList();
        var metadata = new JsonObject { ["resourceVersion"] = $"{revision}" };
        if (limit > 0 && taken.Count > limit)
        {
            taken.RemoveAt(taken.Count - 1);
            Keep((storage, revision), objects);
            metadata["continue"] = Token(revision, taken[^1].Key);
            if (selection.IsAll)
                metadata["remainingItemCount"] = total - taken.Count;
        }

        return Representation.For(request, time).ListBytes(taken, metadata);
    }

    private (ImmutableSortedDictionary<ObjectKey, StoredObject>, long, ObjectKey?) First(string storage, ApiRequest request)
    {
        var (objects, revision) = store.Read(storage);
        if (request.Number("resourceVersion") is { } wanted)
        {
            if (wanted > revision)
                throw ApiError.FromTheFuture(wanted, revision);
            if (wanted < revision && request.Query("resourceVersionMatch") == "Exact")
                throw ApiError.Expired(wanted, revision);
        }

        return (objects, revision, null);
    }

    private (ImmutableSortedDictionary<ObjectKey, StoredObject>, long, ObjectKey?) Resume(string storage, string token)
    {
        try
        {
            if (Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('/') is [var revision, var ns, var name] && long.TryParse(revision, out var number))
            {
                lock (_snapshots)
                    return _snapshots.TryGetValue((storage, number), out var objects) ? (objects, number, new ObjectKey(ns, name)) : throw ApiError.ContinueExpired();
            }
        }
        catch (FormatException)
        {
            // No base64: told below.
        }

        throw ApiError.BadRequest("continue key is not valid: it must come from the answer of a list");
    }

    private void Keep((string Kind, long Revision) id, ImmutableSortedDictionary<ObjectKey, StoredObject> objects)
    {
        lock (_snapshots)
        {
            if (!_snapshots.TryAdd(id, objects))
                return;
            _order.Enqueue(id);
            if (_order.Count > MaxSnapshots)
                _snapshots.Remove(_order.Dequeue());
        }
    }

    private static string Token(long revision, ObjectKey last) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{revision}/{last.Namespace}/{last.Name}"));

    private static int Compare(ObjectKey a, ObjectKey b) =>
        string.CompareOrdinal(a.Namespace, b.Namespace) is var order and not 0 ? order : string.CompareOrdinal(a.Name, b.Name);
}
