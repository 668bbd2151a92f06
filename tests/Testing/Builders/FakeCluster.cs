using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>A change that the store tells of, as a watch would.</summary>
/// <param name="Before">As it was; null when it is new.</param>
/// <param name="Now">As it is; null when it is gone.</param>
public sealed record StoreChange(KubeObject? Before, KubeObject? Now);

/// <summary>
/// The objects of one namespace as an API server keeps them: versions, generations, UIDs, and who set which field, by creation, update and server-side apply.
/// In memory and without time, so that the pure middle can be shown any world. It knows no schema but the keys of lists, and refuses nothing by itself.
/// </summary>
public sealed partial class FakeCluster
{
    /// <summary>The namespace.</summary>
    public const string Namespace = "demo";

    private readonly Dictionary<(Resource Resource, string Name), Stored> _objects = [];
    private long _version = 100;
    private int _uids;

    /// <summary>Tells of every change, after it.</summary>
    public event Action<StoreChange>? Changed;

    /// <summary>The time that goes into timestamps.</summary>
    public DateTimeOffset Now { get; set; } = Given.Start;

    /// <summary>What admission does to an object that somebody else than Kubernetes itself writes.</summary>
    public Action<JsonObject>? Admission { get; set; }

    /// <summary>Everything that is stored.</summary>
    public IEnumerable<KubeObject> All => _objects.OrderBy(o => o.Key.Resource.Kind, StringComparer.Ordinal).ThenBy(o => o.Key.Name, StringComparer.Ordinal).Select(o => o.Value.Show());

    /// <summary>An object by kind and name, <c>Deployment/shop-auth</c>; null when there is none.</summary>
    public KubeObject? Find(string id) => _objects.Where(o => $"{o.Key.Resource.Kind}/{o.Key.Name}" == id).Select(o => o.Value.Show()).FirstOrDefault();

    /// <summary>An object by kind and name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public KubeObject Get(string id) => Find(id) ?? throw new KeyNotFoundException($"there is no {id}");

    /// <summary>POST: null when the name is taken.</summary>
    public KubeObject? Create(KubeObject obj, string manager = Keys.Manager)
    {
        var key = (obj.Resource, obj.Metadata.Name);
        if (_objects.ContainsKey(key))
            return null;
        var json = obj.ToJsonObject();
        var stored = new Stored(obj.Resource, json);
        // Whose a field is, is noted with the defaults filled in, and before admission changes values.
        ServerDefaults.Fill(obj.Resource, json);
        stored.Managers.Add(new(manager, "Update", null, Now, [.. FieldSet.Leaves(json).Keys]));
        Admission?.Invoke(json);
        var metadata = (JsonObject)json["metadata"]!;
        metadata["namespace"] = Namespace;
        metadata["uid"] = $"uid-{++_uids}";
        metadata["creationTimestamp"] = Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        metadata["generation"] = 1;
        ServerDefaults.Fill(obj.Resource, json);
        ServerDefaults.Allocate(obj.Resource, json);
        _objects[key] = stored;
        return Show(stored, before: null);
    }

    /// <summary>Server-side apply with force. Fields that the manager applied before and no longer does are removed, unless somebody else set them too.</summary>
    public KubeObject Apply(KubeObject obj, string manager = Keys.Manager)
    {
        if (!_objects.TryGetValue((obj.Resource, obj.Metadata.Name), out var stored))
            return Create(obj, manager)!;
        var applied = obj.ToJsonObject();
        var paths = FieldSet.Leaves(applied).Keys.ToHashSet(StringComparer.Ordinal);
        return Change(stored, json =>
        {
            var entry = stored.Managers.Find(m => m.Manager == manager && m.Operation == "Apply");
            var kept = paths.Concat(stored.Managers.Where(m => m != entry).SelectMany(m => m.Paths)).ToHashSet(StringComparer.Ordinal);
            foreach (var left in FieldSet.Whole((entry?.Paths ?? []).Where(p => !kept.Contains(p)), kept))
                FieldSet.Remove(json, left);
            var before = FieldSet.Leaves(json);
            FieldSet.Merge(json, applied);
            Admission?.Invoke(json);
            var after = FieldSet.Leaves(json);
            foreach (var other in stored.Managers.Where(m => m != entry))
                other.Paths.RemoveWhere(p => paths.Contains(p) && before.GetValueOrDefault(p) != after.GetValueOrDefault(p));
            if (entry is not null)
                stored.Managers.Remove(entry);
            stored.Managers.Add(new(manager, "Apply", null, Now, paths));
        });
    }

    /// <summary>PUT or PATCH by somebody: what changes is theirs from now on.</summary>
    /// <param name="id">Which object.</param>
    /// <param name="manager">Who.</param>
    /// <param name="edit">What they do to it.</param>
    /// <param name="isNoted">False for servers before 1.22 and the scale subresource: who wrote is not noted.</param>
    public KubeObject Edit(string id, string manager, Action<JsonObject> edit, bool isNoted = true) => Change(StoredAs(id), json =>
    {
        var stored = StoredAs(id);
        var before = FieldSet.Leaves(json);
        edit(json);
        var after = FieldSet.Leaves(json);
        foreach (var entry in stored.Managers)
            entry.Paths.RemoveWhere(p => !after.ContainsKey(p) || (isNoted && before.GetValueOrDefault(p) != after[p] && entry.Manager != manager));
        var taken = after.Where(a => before.GetValueOrDefault(a.Key) != a.Value).Select(a => a.Key).ToList();
        if (!isNoted || taken.Count == 0)
            return;
        var own = stored.Managers.Find(m => m.Manager == manager && m.Operation == "Update");
        if (own is null)
            stored.Managers.Add(own = new(manager, "Update", null, Now, []));
        own.Paths.UnionWith(taken);
    });

    /// <summary>A JSON patch as the operator sends them: tests, entries of managedFields, and fields of objects. False when a test fails.</summary>
    public bool Patch(string id, JsonArray operations)
    {
        var stored = StoredAs(id);
        foreach (var operation in operations.Select(o => o!.AsObject()))
        {
            var path = (string)operation["path"]!;
            switch ((string)operation["op"]!)
            {
                case "test" when !JsonNode.DeepEquals(At(stored.WithManagedFields(), path), operation["value"]):
                    return false;
                case "replace" when path.StartsWith("/metadata/managedFields/", StringComparison.Ordinal):
                    stored.Shown.ElementAt(int.Parse(path.Split('/')[3])).Operation = (string)operation["value"]!;
                    break;
                case "replace":
                    Edit(id, Keys.Manager, json => SetAt(json, path, operation["value"]!.DeepClone()));
                    break;
            }
        }

        Change(stored, _ => { }, always: true);
        return true;
    }

    /// <summary>DELETE: false when there is no such object, or it is another one.</summary>
    public bool Delete(string id, string? uid = null)
    {
        if (Find(id) is not { } live || (uid is not null && live.Metadata.Uid != uid))
            return false;
        var stored = StoredAs(id);
        _objects.Remove((live.Resource, live.Metadata.Name));
        stored.Json["metadata"]!["resourceVersion"] = $"{++_version}"; // a watch shows the version of the deletion
        Changed?.Invoke(new(stored.Show(), null));
        return true;
    }

    /// <summary>What a pass over the app would see.</summary>
    public Observed Observe(MicroserviceApp app) => new()
    {
        Children = [.. All.Where(o => o.Resource != Resources.Secrets).Where(o => o.Metadata.Label(Keys.App) == app.Metadata.Name || PlanDiff.IsOurs(o, app))],
        ReplicaSets = [.. ReplicaSets],
        Pods = [.. Pods],
    };

    private Stored StoredAs(string id) => _objects.First(o => $"{o.Key.Resource.Kind}/{o.Key.Name}" == id).Value;

    private KubeObject Change(Stored stored, Action<JsonObject> change, bool always = false)
    {
        var before = stored.Show();
        change(stored.Json);
        ServerDefaults.Fill(stored.Resource, stored.Json);
        ServerDefaults.Allocate(stored.Resource, stored.Json);
        var metadata = (JsonObject)stored.Json["metadata"]!;
        if (!always && JsonNode.DeepEquals(before.ToJsonObject(), stored.Show().ToJsonObject()))
            return before;
        if (!JsonNode.DeepEquals(before.ToJsonObject()["spec"], stored.Json["spec"]))
            metadata["generation"] = before.Metadata.Generation + 1;
        return Show(stored, before);
    }

    private KubeObject Show(Stored stored, KubeObject? before)
    {
        stored.Json["metadata"]!["resourceVersion"] = $"{++_version}";
        var now = stored.Show();
        Changed?.Invoke(new(before, now));
        return now;
    }

    private static JsonNode? At(JsonNode json, string pointer) => Steps(pointer).Aggregate((JsonNode?)json, (node, step) => node switch
    {
        JsonArray list => int.Parse(step) is var at && at < list.Count ? list[at] : null,
        JsonObject fields => fields[step],
        _ => null,
    });

    private static void SetAt(JsonObject json, string pointer, JsonNode value) => At(json, pointer[..pointer.LastIndexOf('/')])!.AsObject()[Steps(pointer)[^1]] = value;

    // RFC 6901.
    private static string[] Steps(string pointer) =>
        [.. pointer.Split('/').Skip(1).Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    private sealed record Stored(Resource Resource, JsonObject Json)
    {
        internal List<Entry> Managers { get; } = [];

        internal IEnumerable<Entry> Shown => Managers.Where(m => m.Paths.Count > 0);

        internal KubeObject Show() => KubeObject.From(Resource, WithManagedFields());

        internal JsonObject WithManagedFields()
        {
            var copy = (JsonObject)Json.DeepClone();
            copy["metadata"]!["managedFields"] = new JsonArray([.. Shown.Select(m => m.Show())]);
            return copy;
        }
    }

    private sealed class Entry(string manager, string operation, string? subresource, DateTimeOffset time, HashSet<string> paths)
    {
        internal string Manager => manager;

        internal string Operation { get; set; } = operation;

        internal HashSet<string> Paths => paths;

        internal JsonObject Show()
        {
            var entry = new JsonObject
            {
                ["manager"] = manager, ["operation"] = Operation, ["apiVersion"] = "v1", ["time"] = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
                ["fieldsType"] = "FieldsV1", ["fieldsV1"] = FieldSet.ToFieldsV1(paths),
            };
            if (subresource is not null)
                entry["subresource"] = subresource;
            return entry;
        }
    }
}
