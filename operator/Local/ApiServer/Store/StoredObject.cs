using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Fleet.Runtime;

namespace Fleet.Local.ApiServer;

/// <summary>An object as it is stored: whole, with its metadata at hand. Nobody changes it; a change is another object.</summary>
internal sealed class StoredObject
{
    private StoredObject(JsonObject json, byte[] utf8)
    {
        (Json, Utf8) = (json, utf8);
        var meta = json.Meta();
        Key = new(meta.Text("namespace") ?? "", meta.Text("name") ?? "");
        Uid = meta.Text("uid") ?? "";
        Version = long.Parse(meta.Text("resourceVersion") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        Owners = [.. meta.Objects("ownerReferences").Select(o => o.Text("uid") ?? "")];
    }

    /// <summary>Namespace and name.</summary>
    internal ObjectKey Key { get; }

    /// <summary>The object's identity.</summary>
    internal string Uid { get; }

    /// <summary>Its resourceVersion.</summary>
    internal long Version { get; }

    /// <summary>The UIDs of its owners.</summary>
    internal IReadOnlyList<string> Owners { get; }

    /// <summary>The object. Not to be changed.</summary>
    internal JsonObject Json { get; }

    /// <summary>The object as it goes over the wire.</summary>
    internal byte[] Utf8 { get; }

    /// <summary>Whether deletion was asked for.</summary>
    internal bool IsTerminating => Json.Meta().Text("deletionTimestamp") is not null;

    /// <summary>Takes over an object that is complete.</summary>
    internal static StoredObject Of(JsonObject complete)
    {
        // Written and read again: whatever its parts were made of, two equal objects are then equal node by node.
        var utf8 = Wire.Bytes(complete);
        return new((JsonObject)JsonNode.Parse(utf8)!, utf8);
    }

    /// <summary>A copy to be changed.</summary>
    internal JsonObject Copy() => (JsonObject)Json.DeepClone();
}

/// <summary>One change of one object: what a watch tells.</summary>
/// <param name="Kind">Under which name the kind is stored.</param>
/// <param name="Revision">The store's revision that it made.</param>
/// <param name="Before">The object before; null for a creation.</param>
/// <param name="After">The object now; null for a deletion, of which <paramref name="Gone"/> is the last state.</param>
/// <param name="Gone">The last state of a deleted object, at the revision of the deletion.</param>
internal sealed record Change(string Kind, long Revision, StoredObject? Before, StoredObject? After, StoredObject? Gone = null);

/// <summary>Where a kind is stored.</summary>
internal static class StorageKeys
{
    /// <summary>By group and plural. The two groups of Events show the same objects.</summary>
    internal static string Of(Resource resource) => resource.Plural == "events" && resource.Group is "" or "events.k8s.io" ? "events" : $"{resource.Group}/{resource.Plural}";

    /// <inheritdoc cref="Of(Resource)"/>
    internal static string Of(ServedKind kind) => Of(kind.Resource);
}
