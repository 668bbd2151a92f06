using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Fleet.Runtime;

namespace Fleet.Local.ApiServer;

/// <summary>What is particular to a kind: what the server itself writes into it, and what follows from its being stored or gone.</summary>
internal sealed class KindRules(ObjectStore store, KindRegistry kinds, ServiceAddresses addresses, TimeProvider time)
{
    internal const string Namespaces = "/namespaces";
    internal const string Crds = "apiextensions.k8s.io/customresourcedefinitions";

    /// <summary>Refuses what would go into a namespace that is missing or ends.</summary>
    internal void CheckNamespace(ServedKind kind, string? ns, string name)
    {
        if (!kind.Resource.Namespaced)
            return;
        if (store.Find(Namespaces, new("", ns!)) is not { } found)
            throw ApiError.NotFound(Kubernetes.Resources.Namespaces, ns!);
        if (found.IsTerminating)
            throw ApiError.Terminating(kind.Resource, name, ns!);
    }

    /// <summary>Writes the server's part into an object that is being created or changed.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="body">The object; changed.</param>
    /// <param name="before">What it was; null for a creation.</param>
    internal void Prepare(ServedKind kind, JsonObject body, JsonObject? before)
    {
        switch (kind.Resource.Kind)
        {
            case "Service":
                addresses.Assign(body, before);
                break;
            case "Namespace" when before is null:
                body["status"] = new JsonObject { ["phase"] = "Active" };
                break;
            case "Pod" when before is null:
                var spec = body["spec"] as JsonObject ?? Made(body, "spec");
                spec["serviceAccountName"] ??= "default";
                body["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = (body["status"] as JsonObject)?.Text("qosClass") ?? "BestEffort" };
                break;
            case "CustomResourceDefinition":
                CustomKinds.Establish(body, time.GetUtcNow());
                break;
        }
    }

    /// <summary>What follows from an object being stored.</summary>
    internal StoredObject Stored(ServedKind kind, StoredObject stored)
    {
        if (StorageKeys.Of(kind) != Crds)
            return stored;
        kinds.Serve(stored.Json);
        // Defaults are those of now, for what was stored before as well.
        foreach (var (custom, instance) in InstancesOf(stored).ToList())
            store.Restate(StorageKeys.Of(custom), StoredObject.Of(ShapeDefaults.Apply(custom, instance.Json, instance.Json)));
        return stored;
    }

    /// <summary>Whether an object whose deletion was asked for must wait for others to go.</summary>
    internal bool HoldsBack(ServedKind kind, StoredObject stored) => StorageKeys.Of(kind) switch
    {
        Namespaces => ContentOf(stored.Key.Name).Any(),
        Crds => InstancesOf(stored).Any(),
        _ => false,
    };

    /// <summary>What follows from an object being gone.</summary>
    internal StoredObject Gone(ServedKind kind, StoredObject gone)
    {
        switch (StorageKeys.Of(kind))
        {
            case "/services":
                addresses.Release(gone.Json);
                break;
            case Crds:
                kinds.Forget(gone.Key.Name);
                break;
        }

        return gone;
    }

    /// <summary>All that is in a namespace.</summary>
    internal IEnumerable<(ServedKind Kind, StoredObject Object)> ContentOf(string ns) => kinds.All
        .Where(k => k.Resource.Namespaced && k.Verbs.Contains("list")).DistinctBy(StorageKeys.Of)
        .SelectMany(k => store.Read(StorageKeys.Of(k)).Objects.Where(o => o.Key.Namespace == ns).Select(o => (k, o.Value)));

    /// <summary>All objects of the kinds that a CustomResourceDefinition defines.</summary>
    internal IEnumerable<(ServedKind Kind, StoredObject Object)> InstancesOf(StoredObject crd) => CrdKinds.Of(crd.Json)
        .DistinctBy(StorageKeys.Of).SelectMany(k => store.Read(StorageKeys.Of(k)).Objects.Values.Select(o => (k, o)));

    private static JsonObject Made(JsonObject parent, string field)
    {
        var made = new JsonObject();
        parent[field] = made;
        return made;
    }
}
