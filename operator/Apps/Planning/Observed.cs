using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>The world as one pass sees it: values read from caches, nothing that can change underneath.</summary>
public sealed record Observed
{
    /// <summary>An empty world on a current cluster: what offline planning assumes.</summary>
    public static readonly Observed Nothing = new();

    /// <summary>What the app owns by ownerReference, and what stands under the name of one of its objects.</summary>
    public ImmutableArray<KubeObject> Children { get; init; } = [];

    /// <summary>The ReplicaSets with the app's label.</summary>
    public ImmutableArray<ReplicaSet> ReplicaSets { get; init; } = [];

    /// <summary>The Pods with the app's label.</summary>
    public ImmutableArray<Pod> Pods { get; init; } = [];

    /// <summary>The ConfigMaps and Secrets that the app refers to, as far as they may be read.</summary>
    public ImmutableDictionary<ConfigKey, ConfigContent> Config { get; init; } = ImmutableDictionary<ConfigKey, ConfigContent>.Empty;

    /// <summary>What the cluster can do.</summary>
    public ClusterFeatures Features { get; init; } = ClusterFeatures.Current;

    /// <summary>By UID, the fields that the server answered otherwise than we sent them: its answer to our own write is no drift.</summary>
    public ImmutableDictionary<string, ImmutableHashSet<string>> Answers { get; init; } = ImmutableDictionary<string, ImmutableHashSet<string>>.Empty;

    /// <summary>Kinds the operator may not read, each as a sentence that names the missing verb.</summary>
    public ImmutableArray<string> Denied { get; init; } = [];

    /// <summary>Kinds that not every cluster has, and that cannot be used here: why.</summary>
    public ImmutableDictionary<Resource, Refusal> Missing { get; init; } = ImmutableDictionary<Resource, Refusal>.Empty;

    /// <summary>The Gateway that the app's routes are for; null when there is none, or when Gateways cannot be seen.</summary>
    public KubeObject? Parent { get; init; }

    /// <summary>Whether a <see cref="Parent"/> that is null does not exist.</summary>
    public bool SeesParent { get; init; }

    /// <summary>Whether the app does without a planned object, since its kind is not served.</summary>
    internal bool IsLeftOut(PlannedObject planned) => OptionalKinds.IsDispensable(planned.Object.Resource) && Missing.GetValueOrDefault(planned.Object.Resource) is { Reason: not Reasons.Forbidden };

    /// <summary>The same world after our own writes: their answers take the place of what was read, deleted objects are gone.</summary>
    public Observed After(IReadOnlyCollection<KubeObject> answers, IReadOnlyCollection<KubeObject> deleted) => answers.Count + deleted.Count == 0 ? this : this with
    {
        Children =
        [
            .. Children.Where(c => !answers.Concat(deleted).Any(a => a.Resource == c.Resource && a.Metadata.Name == c.Metadata.Name)),
            .. answers,
        ],
    };

    /// <summary>Whether the server itself answered this to what we last wrote.</summary>
    internal bool Answered(KubeObject live, Difference difference) =>
        live.Metadata.Uid is { } uid && Answers.TryGetValue(uid, out var known) && known.Contains(difference.LiveText);

    /// <summary>The app's own child of this kind and name, or null: what somebody else has under the name tells nothing about the app.</summary>
    public KubeObject? Own(MicroserviceApp app, Resource resource, string name) =>
        Child(resource, name) is { } child && PlanDiff.IsOurs(child, app) ? child : null;

    /// <summary>Whatever is there under this kind and name, or null.</summary>
    public KubeObject? Child(Resource resource, string name) =>
        Children.FirstOrDefault(c => c.Resource == resource && c.Metadata.Name == name);
}

/// <summary>A ConfigMap or Secret by kind and name, in the app's namespace.</summary>
/// <param name="Kind"><c>ConfigMap</c> or <c>Secret</c>.</param>
/// <param name="Name">The object's name.</param>
public readonly record struct ConfigKey(string Kind, string Name)
{
    /// <summary><c>Secret/db</c>.</summary>
    public override string ToString() => $"{Kind}/{Name}";
}

/// <summary>What is known of a ConfigMap or Secret: never a value, only fingerprints.</summary>
public sealed record ConfigContent
{
    /// <summary>It does not exist.</summary>
    public static readonly ConfigContent Missing = new() { Exists = false };

    /// <summary>Whether it exists.</summary>
    public bool Exists { get; init; } = true;

    /// <summary>SHA-256 of each key's value, as hex; null when it was not read, because nothing depends on it.</summary>
    public ImmutableSortedDictionary<string, string>? Keys { get; init; }
}

/// <summary>A use of a ConfigMap or Secret by a pod.</summary>
/// <param name="Target">What is used.</param>
/// <param name="Key">The one key that is used; null means all.</param>
/// <param name="Optional">Whether the pod starts without it.</param>
public sealed record ConfigReference(ConfigKey Target, string? Key, bool Optional)
{
    /// <summary>Whether it is known to be missing, so that no new pod can start.</summary>
    internal bool IsMissing(Observed world) => !Optional && world.Config.GetValueOrDefault(Target) is { } content
        && (!content.Exists || (Key is not null && content.Keys?.ContainsKey(Key) == false));

    /// <summary>All uses in a pod template, the user's overlay included, in a stable order.</summary>
    public static ImmutableArray<ConfigReference> In(JsonObject template)
    {
        var pod = Field(template, "spec");
        IEnumerable<ConfigReference?> found =
        [
            .. Each(pod, "containers").Concat(Each(pod, "initContainers")).SelectMany(OfContainer),
            .. Each(pod, "volumes").SelectMany(OfVolume),
        ];
        return [.. found.OfType<ConfigReference>().Distinct()
            .OrderBy(r => r.Target.Kind, StringComparer.Ordinal).ThenBy(r => r.Target.Name, StringComparer.Ordinal).ThenBy(r => r.Key, StringComparer.Ordinal)];
    }

    private static IEnumerable<ConfigReference?> OfContainer(JsonNode container) =>
    [
        .. Each(container, "env").Select(e => Keyed("ConfigMap", Field(Field(e, "valueFrom"), "configMapKeyRef"))),
        .. Each(container, "env").Select(e => Keyed("Secret", Field(Field(e, "valueFrom"), "secretKeyRef"))),
        .. Each(container, "envFrom").Select(e => Whole("ConfigMap", Field(e, "configMapRef"), "name")),
        .. Each(container, "envFrom").Select(e => Whole("Secret", Field(e, "secretRef"), "name")),
    ];

    private static IEnumerable<ConfigReference?> OfVolume(JsonNode volume) =>
    [
        .. Files("ConfigMap", Field(volume, "configMap"), "name"),
        .. Files("Secret", Field(volume, "secret"), "secretName"),
        .. Each(Field(volume, "projected"), "sources").SelectMany(s => (ConfigReference?[])[.. Files("ConfigMap", Field(s, "configMap"), "name"), .. Files("Secret", Field(s, "secret"), "name")]),
    ];

    private static IEnumerable<ConfigReference?> Files(string kind, JsonNode? source, string nameField) =>
        Field(source, "items") is JsonArray
            ? Each(source, "items").Select(i => Whole(kind, source, nameField) is { } whole ? whole with { Key = Text(Field(i, "key")) } : null)
            : [Whole(kind, source, nameField)];

    private static ConfigReference? Keyed(string kind, JsonNode? source) =>
        Whole(kind, source, "name") is { } whole ? whole with { Key = Text(Field(source, "key")) } : null;

    private static ConfigReference? Whole(string kind, JsonNode? source, string nameField) =>
        Text(Field(source, nameField)) is { } name ? new(new(kind, name), null, Field(source, "optional")?.GetValueKind() == JsonValueKind.True) : null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    // What comes from podTemplate has any shape; where it is none of a pod's the server says so.
    private static JsonNode? Field(JsonNode? parent, string name) => (parent as JsonObject)?[name];

    private static IEnumerable<JsonNode> Each(JsonNode? parent, string list) => (Field(parent, list) as JsonArray)?.OfType<JsonObject>() ?? [];
}
