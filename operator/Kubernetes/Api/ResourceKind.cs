using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fleet.Kubernetes;

/// <summary>Reads one object from its JSON. The bytes are valid during the call only.</summary>
/// <exception cref="JsonException">The bytes are not such an object.</exception>
public delegate T ObjectReader<out T>(ReadOnlySpan<byte> utf8);

/// <summary>A kind, and as what its objects are read.</summary>
/// <param name="Resource">Where the API server serves it.</param>
/// <param name="Read">Makes the object from its JSON.</param>
/// <param name="MetadataOnly">Asks the server to leave out everything but the metadata (PartialObjectMetadata).</param>
public sealed record ResourceKind<T>(Resource Resource, ObjectReader<T> Read, bool MetadataOnly = false)
    where T : class, IKubeObject;

/// <summary>The kinds as the operator reads them.</summary>
public static class Kinds
{
    /// <summary>Pods, typed.</summary>
    public static readonly ResourceKind<Pod> Pods = Typed(Resources.Pods, KubeJson.Default.Pod);

    /// <summary>ReplicaSets, typed.</summary>
    public static readonly ResourceKind<ReplicaSet> ReplicaSets = Typed(Resources.ReplicaSets, KubeJson.Default.ReplicaSet);

    /// <summary>Leases, typed.</summary>
    public static readonly ResourceKind<Lease> Leases = Typed(Resources.Leases, KubeJson.Default.Lease);

    /// <summary>Events, typed.</summary>
    public static readonly ResourceKind<Event> Events = Typed(Resources.Events, KubeJson.Default.Event);

    /// <summary>Objects of any kind as JSON.</summary>
    public static ResourceKind<KubeObject> Raw(Resource resource) => new(resource, utf8 => KubeObject.Parse(resource, utf8));

    /// <summary>The metadata alone of objects of any kind: what is not sent is neither parsed nor kept.</summary>
    public static ResourceKind<PartialObject> MetadataOf(Resource resource) =>
        Typed(resource, KubeJson.Default.PartialObject) with { MetadataOnly = true };

    /// <summary>The data of ConfigMaps or Secrets.</summary>
    public static ResourceKind<ConfigData> ConfigData(Resource resource) => Typed(resource, KubeJson.Default.ConfigData);

    /// <summary>Objects read by a source-generated contract.</summary>
    public static ResourceKind<T> Typed<T>(Resource resource, JsonTypeInfo<T> json)
        where T : class, IKubeObject =>
        new(resource, utf8 => JsonSerializer.Deserialize(utf8, json) ?? throw new JsonException($"null in place of a {resource.Kind}"));
}
