using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>A Deployment, as far as its controller decides by it.</summary>
internal sealed record DeploymentState(KubeObject Object)
{
    /// <summary>The deadline by which the API says "never".</summary>
    private const int NoDeadline = int.MaxValue;

    /// <summary>Its name.</summary>
    public string Name => Object.Metadata.Name;

    /// <summary>How many pods are wanted.</summary>
    public int Replicas { get; } = Object.At("spec", "replicas").Int() ?? 1;

    /// <summary>Whether old pods must be gone before new ones are made.</summary>
    public bool Recreates { get; } = Object.At("spec", "strategy", "type").Text() == "Recreate";

    /// <summary>Whether changes of the template wait.</summary>
    public bool IsPaused { get; } = Object.At("spec", "paused").IsTrue();

    /// <summary>For how long a pod must be ready to be available, in seconds.</summary>
    public int MinReadySeconds { get; } = Object.At("spec", "minReadySeconds").Int() ?? 0;

    /// <summary>How many old ReplicaSets are kept.</summary>
    public int HistoryLimit { get; } = Object.At("spec", "revisionHistoryLimit").Int() ?? 10;

    /// <summary>Within which time something must move while it rolls out; null means ever.</summary>
    public TimeSpan? ProgressDeadline { get; } =
        Object.At("spec", "progressDeadlineSeconds").Int() is { } seconds and not NoDeadline ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Which ReplicaSets may be its own.</summary>
    public LabelSelector Selector { get; } = LabelSelector.Read(Object.At("spec", "selector"));

    /// <summary>What its pods are made from.</summary>
    public PodTemplate Template { get; } = new(Object.At("spec", "template"));

    /// <summary>How often a name for a ReplicaSet was taken by someone else's.</summary>
    public int Collisions { get; } = Object.At("status", "collisionCount").Int() ?? 0;

    /// <summary>The conditions it has now.</summary>
    public ImmutableArray<WorkloadCondition> Conditions { get; } = StatusConditions.Read(Object.At("status", "conditions"));

    /// <summary>By how many pods it may have more than wanted while it rolls.</summary>
    public int MaxSurge => Recreates ? 0 : Bounds.Surge;

    /// <summary>How many of the wanted pods may be missing while it rolls.</summary>
    public int MaxUnavailable => Recreates || Replicas == 0 ? 0 : Math.Min(Bounds.Unavailable, Replicas);

    // A surge is rounded up and an absence down; with neither nothing could ever move, so then one may be missing.
    private (int Surge, int Unavailable) Bounds
    {
        get
        {
            var rolling = Object.At("spec", "strategy", "rollingUpdate");
            var surge = Share.Of(rolling.At("maxSurge"), Replicas, up: true) ?? 0;
            var unavailable = Share.Of(rolling.At("maxUnavailable"), Replicas, up: false) ?? 0;
            return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
        }
    }
}

/// <summary>A ReplicaSet, as far as the Deployment above it decides by it.</summary>
internal sealed record ReplicaSetState(KubeObject Object)
{
    /// <summary>Its name.</summary>
    public string Name => Object.Metadata.Name;

    /// <summary>How many pods it is to have.</summary>
    public int Replicas { get; init; } = Object.At("spec", "replicas").Int() ?? 1;

    /// <summary>How many pods it has.</summary>
    public int Pods { get; } = Object.At("status", "replicas").Int() ?? 0;

    /// <summary>How many of them are ready.</summary>
    public int Ready { get; } = Object.At("status", "readyReplicas").Int() ?? 0;

    /// <summary>How many of them are ready for long enough.</summary>
    public int Available { get; } = Object.At("status", "availableReplicas").Int() ?? 0;

    /// <summary>What its pods are made from.</summary>
    public PodTemplate Template { get; } = new(Object.At("spec", "template"));

    /// <summary>Which of the Deployment's templates it is, counted from 1; 0 when nobody has said.</summary>
    public long Revision => long.TryParse(Object.Metadata.Annotation(DeploymentAnnotations.Revision), out var number) ? number : 0;

    /// <summary>The bound of pods when it was last scaled; null when nobody has said.</summary>
    public int? MaxReplicas => int.TryParse(Object.Metadata.Annotation(DeploymentAnnotations.MaxReplicas), out var number) ? number : null;

    /// <summary>What the Deployment wanted when it was last scaled; null when nobody has said.</summary>
    public int? DesiredReplicas => int.TryParse(Object.Metadata.Annotation(DeploymentAnnotations.DesiredReplicas), out var number) ? number : null;

    /// <summary>Whether its own controller has seen its newest spec.</summary>
    public bool IsObserved => (Object.At("status", "observedGeneration").Int() ?? 0) >= Object.Metadata.Generation;

    /// <summary>Why it cannot make or delete pods; null when it can.</summary>
    public WorkloadCondition? Failure => StatusConditions.Read(Object.At("status", "conditions")).Of("ReplicaFailure");
}

/// <summary>A pod template that can be compared: the label that tells the ReplicaSets of a Deployment apart is no part of it.</summary>
internal sealed class PodTemplate(JsonElement json)
{
    /// <summary>The label.</summary>
    public const string HashLabel = "pod-template-hash";

    private string? _canonical;

    /// <summary>The template.</summary>
    public JsonElement Json => json;

    /// <summary>Keys in order, without nulls and without <see cref="HashLabel"/>: two templates that mean the same are the same text.</summary>
    public string Canonical => _canonical ??= Write(json);

    /// <summary>Whether pods of the other would be the same.</summary>
    public bool Same(PodTemplate other) => Canonical == other.Canonical;

    private static string Write(JsonElement json)
    {
        var node = Ordered(json) as JsonObject ?? [];
        if (node["metadata"] is JsonObject { } metadata && metadata["labels"] is JsonObject labels)
            labels.Remove(HashLabel);
        return node.ToJsonString();
    }

    private static JsonNode? Ordered(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(json.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null)
            .OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Name, Ordered(p.Value)))),
        JsonValueKind.Array => new JsonArray([.. json.EnumerateArray().Select(Ordered)]),
        _ => json.ToNode(),
    };
}

/// <summary>What a Deployment's controller notes on objects. Rule: kubernetes.io, "Well-Known Labels, Annotations and Taints".</summary>
internal static class DeploymentAnnotations
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string RevisionHistory = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    private static readonly HashSet<string> Own = new(StringComparer.Ordinal)
    {
        Revision, RevisionHistory, DesiredReplicas, MaxReplicas, "deprecated.deployment.rollback.to", "kubectl.kubernetes.io/last-applied-configuration",
    };

    /// <summary>What a ReplicaSet has of its Deployment's annotations.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Handed(DeploymentState deployment) =>
        (deployment.Object.Metadata.Annotations ?? new Dictionary<string, string>(StringComparer.Ordinal)).Where(a => !Own.Contains(a.Key));
}
