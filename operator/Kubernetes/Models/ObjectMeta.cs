using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>Whatever carries Kubernetes metadata.</summary>
public interface IKubeObject
{
    /// <summary>The object's metadata.</summary>
    ObjectMeta Metadata { get; }
}

/// <summary>The part of metav1.ObjectMeta that the operator reads and writes.</summary>
public sealed record ObjectMeta
{
    /// <summary>The object's name, unique per kind and namespace.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>A prefix from which the server makes the name.</summary>
    public string? GenerateName { get; init; }

    /// <summary>The namespace; null for cluster-wide kinds.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public string? Namespace { get; init; }

    /// <summary>The identity of this very object: one deleted and made again has another.</summary>
    public string? Uid { get; init; }

    /// <summary>The server's version of the object.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Moves with every change of the desired state.</summary>
    public long Generation { get; init; }

    /// <summary>When the object was created, UTC.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set once deletion was asked for.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>How many seconds the object has to end by itself after deletion was asked for; pods.</summary>
    public long? DeletionGracePeriodSeconds { get; init; }

    /// <summary>Labels, by key.</summary>
    [JsonConverter(typeof(TextMapConverter))]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations, by key.</summary>
    [JsonConverter(typeof(TextMapConverter))]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Who owns the object.</summary>
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    /// <summary>Who set which field. Cached objects keep only what drift detection asks for.</summary>
    public IReadOnlyList<ManagedFieldsEntry>? ManagedFields { get; init; }
}

/// <summary>metav1.OwnerReference.</summary>
public sealed record OwnerReference
{
    /// <summary>The owner's group and version.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public required string ApiVersion { get; init; }

    /// <summary>The owner's kind.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public required string Kind { get; init; }

    /// <summary>The owner's name.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public required string Name { get; init; }

    /// <summary>The owner's UID.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public required string Uid { get; init; }

    /// <summary>Whether this owner is the managing controller.</summary>
    public bool? Controller { get; init; }

    /// <summary>Whether a foreground deletion of the owner waits for this object.</summary>
    public bool? BlockOwnerDeletion { get; init; }
}

/// <summary>metav1.ManagedFieldsEntry: the fields one manager set.</summary>
public sealed record ManagedFieldsEntry
{
    /// <summary>The manager's name.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public string? Manager { get; init; }

    /// <summary><c>Apply</c> or <c>Update</c>.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public string? Operation { get; init; }

    /// <summary>When the manager last changed a field.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The subresource written through, <c>status</c> or <c>scale</c>; null for the object itself.</summary>
    [JsonConverter(typeof(SharedTextConverter))]
    public string? Subresource { get; init; }

    /// <summary>The set of fields.</summary>
    public FieldsV1? FieldsV1 { get; init; }
}

/// <summary>Questions asked of metadata all over the operator.</summary>
public static class ObjectMetaExtensions
{
    /// <summary>The label's value, or null.</summary>
    public static string? Label(this ObjectMeta meta, string key) => meta.Labels?.GetValueOrDefault(key);

    /// <summary>The annotation's value, or null.</summary>
    public static string? Annotation(this ObjectMeta meta, string key) => meta.Annotations?.GetValueOrDefault(key);

    /// <summary>The reference to the managing owner, or null.</summary>
    public static OwnerReference? ControllerOwner(this ObjectMeta meta) => meta.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    /// <summary>Whether the object with this UID is among the owners.</summary>
    public static bool IsOwnedBy(this ObjectMeta meta, string uid) => meta.OwnerReferences?.Any(o => o.Uid == uid) == true;
}
