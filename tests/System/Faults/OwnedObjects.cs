using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.SystemTests.Faults;

/// <summary>What apps own, without what differs from cluster to cluster and from time to time: two runs that came to the same have the same.</summary>
internal static class OwnedObjects
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Reads them: by kind and name, the object.</summary>
    /// <param name="api">A client with every permission.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="owner">Whether the objects of an app count.</param>
    public static async Task<SortedDictionary<string, string>> ReadAsync(ApiClient api, string ns, Func<string, bool> owner)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var obj in await ListAsync(api, new(ns), AppCaches.ChildKinds))
        {
            if (obj.Metadata.OwnerReferences?.FirstOrDefault(o => o.Kind == MicroserviceApp.Resource.Kind) is { } by && owner(by.Name))
                found[obj.Id] = Normal(obj.Resource, obj.ToJsonObject()).ToJsonString(Readable).Replace(ns, "NAMESPACE", StringComparison.Ordinal);
        }

        return found;
    }

    /// <summary>Objects of several kinds; of those that are not served there are none.</summary>
    public static async Task<IReadOnlyList<KubeObject>> ListAsync(ApiClient api, ListScope scope, IEnumerable<Resource> kinds)
    {
        var found = new List<KubeObject>();
        foreach (var kind in kinds)
        {
            try
            {
                await foreach (var page in api.ListAsync(Kinds.Raw(kind), scope, CancellationToken.None))
                    found.AddRange(page.Items);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // Not served here.
            }
        }

        return found;
    }

    /// <summary>Where two states differ; empty where they do not.</summary>
    public static string Difference(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual)
    {
        var differences = expected.Keys.Union(actual.Keys).Select(id => (Id: id, Wanted: expected.GetValueOrDefault(id), Actual: actual.GetValueOrDefault(id))).Where(d => d.Wanted != d.Actual);
        return string.Join('\n', differences.Select(d => d switch
        {
            { Actual: null } => $"{d.Id} is missing",
            { Wanted: null } => $"{d.Id} is too many",
            _ => $"{d.Id} differs:\n{Lines(d.Wanted, d.Actual)}",
        }));
    }

    private static string Lines(string wanted, string actual)
    {
        var (want, have) = (wanted.Split('\n'), actual.Split('\n'));
        return string.Join('\n', want.Except(have).Select(l => $"  - {l}").Concat(have.Except(want).Select(l => $"  + {l}")));
    }

    private static JsonNode Normal(Resource kind, JsonObject obj)
    {
        var metadata = obj["metadata"]!.AsObject();
        var kept = new JsonObject { ["name"] = metadata["name"]!.DeepClone(), ["labels"] = metadata["labels"]?.DeepClone() };
        if (metadata["annotations"]?.DeepClone() is JsonObject annotations)
        {
            annotations.Remove("deployment.kubernetes.io/revision");
            // It is made of the whole object, the namespace in it included. Whether it is right is shown by a restart that writes nothing.
            if (annotations.ContainsKey(Keys.Applied))
                annotations[Keys.Applied] = "";
            kept["annotations"] = annotations;
        }

        if (metadata["ownerReferences"]?.DeepClone() is JsonArray owners)
        {
            foreach (var owner in owners)
                owner!.AsObject().Remove("uid");
            kept["ownerReferences"] = owners;
        }

        obj["metadata"] = kept;
        obj.Remove("apiVersion"); // in a list they may be left out
        obj.Remove("kind");
        obj.Remove("status");
        obj.Remove("secrets"); // of a ServiceAccount, before 1.24
        if (kind == Resources.Services && obj["spec"] is JsonObject spec && spec["clusterIP"]?.ToString() is { } address && address != "None")
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");
        }

        return Sorted(obj)!;
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject obj => new JsonObject(obj.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        // By name, as server-side apply takes them: where an entry stands tells only when it came.
        JsonArray array => new JsonArray([.. array.OrderBy(e => (e as JsonObject)?["name"]?.ToString(), StringComparer.Ordinal).Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
