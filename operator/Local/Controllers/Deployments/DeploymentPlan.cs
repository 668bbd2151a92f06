using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>What a pass over a Deployment is to do: the next step only, the rest follows when the world has answered.</summary>
internal sealed record DeploymentPlan
{
    /// <summary>The ReplicaSet to make for a new template; null for none.</summary>
    public KubeObject? Create { get; init; }

    /// <summary>ReplicaSets that are to be scaled, or to carry other notes, each with its patch.</summary>
    public ImmutableArray<SetChange> Changes { get; init; } = [];

    /// <summary>Old ReplicaSets that are no longer kept.</summary>
    public ImmutableArray<ReplicaSetState> Remove { get; init; } = [];

    /// <summary>The revision to note on the Deployment; null when it is noted.</summary>
    public string? Revision { get; init; }

    /// <summary>The status; <see cref="DeploymentStatuses.Differs"/> tells whether to write it.</summary>
    public required JsonObject Status { get; init; }

    /// <summary>When to look again without being called.</summary>
    public TimeSpan? Again { get; init; }

    /// <summary>The next step for a Deployment.</summary>
    /// <param name="deployment">It.</param>
    /// <param name="sets">Its own ReplicaSets.</param>
    /// <param name="oldPodsRun">Whether pods of an older template are still there.</param>
    /// <param name="now">The time of what changes.</param>
    public static DeploymentPlan For(DeploymentState deployment, IReadOnlyList<ReplicaSetState> sets, Func<ReplicaSetState, bool> oldPodsRun, DateTimeOffset now)
    {
        var ordered = sets.OrderBy(s => s.Object.Metadata.CreationTimestamp ?? default).ThenBy(s => s.Name, StringComparer.Ordinal).ToList();
        var newest = ordered.FirstOrDefault(s => s.Template.Same(deployment.Template));
        var old = ordered.Where(s => s != newest).ToList();
        var revision = old.Select(s => s.Revision).DefaultIfEmpty().Max() + 1;
        var conditions = Paused(deployment, now);

        if (deployment.Object.Metadata.DeletionTimestamp is not null)
            return Ends(deployment, newest, ordered, conditions, now);
        if (deployment.IsPaused || ordered.Any(s => s.Replicas > 0 && s.DesiredReplicas is { } wanted && wanted != deployment.Replicas))
            return Scaled(deployment, newest, ordered, revision, RollingUpdate.Rescale(deployment, newest, old), conditions, now);

        // :: Recreate: the old pods go, all of them, before the first new one is made.
        if (deployment.Recreates && old.Any(s => s.Replicas > 0))
            return Scaled(deployment, newest, ordered, revision, [.. old.Where(s => s.Replicas > 0).Select(s => new RollingUpdate.Change(s, 0))], conditions, now);
        if (deployment.Recreates && old.Any(oldPodsRun) && (newest is null || newest.Replicas == 0))
            return Ends(deployment, newest, ordered, conditions, now);

        if (newest is null)
            return Created(deployment, ordered, revision, conditions, now);
        return Scaled(deployment, newest, ordered, revision, RollingUpdate.Next(deployment, newest, old), conditions, now);
    }

    private static DeploymentPlan Created(
        DeploymentState deployment, List<ReplicaSetState> sets, long revision, ImmutableArray<WorkloadCondition> conditions, DateTimeOffset now)
    {
        var made = NewSet(deployment, RollingUpdate.NewReplicas(deployment, 0, sets), revision);
        conditions = DeploymentStatuses.Progress(deployment, conditions, "True", "NewReplicaSetCreated", $"Created new replica set \"{made.Metadata.Name}\"", now);
        return new()
        {
            Create = made,
            Revision = Noted(deployment, revision),
            Status = DeploymentStatuses.Counted(deployment, null, sets, conditions, now),
            Again = DeploymentStatuses.Deadline(deployment, conditions, now),
        };
    }

    private static DeploymentPlan Scaled(
        DeploymentState deployment, ReplicaSetState? newest, List<ReplicaSetState> sets, long revision,
        ImmutableArray<RollingUpdate.Change> numbers, ImmutableArray<WorkloadCondition> conditions, DateTimeOffset now)
    {
        var replicas = numbers.ToDictionary(n => n.Set, n => n.Replicas);
        var changes = sets.Select(s => SetChange.For(deployment, s, s == newest, revision, replicas.TryGetValue(s, out var count) ? count : s.Replicas)).OfType<SetChange>();
        // A Deployment that was there before we were has no word about its progress yet.
        if (newest is not null && conditions.Of("Progressing") is null)
            conditions = DeploymentStatuses.Progress(deployment, conditions, "True", "FoundNewReplicaSet", $"Found new replica set \"{newest.Name}\"", now);
        return Ends(deployment, newest, sets, conditions, now) with
        {
            Changes = [.. changes],
            Revision = newest is null ? null : Noted(deployment, Math.Max(revision, newest.Revision)),
        };
    }

    private static DeploymentPlan Ends(
        DeploymentState deployment, ReplicaSetState? newest, List<ReplicaSetState> sets, ImmutableArray<WorkloadCondition> conditions, DateTimeOffset now)
    {
        var moved = deployment.IsPaused ? conditions : DeploymentStatuses.Rollout(deployment, newest, sets, conditions, now);
        return new()
        {
            Status = DeploymentStatuses.Counted(deployment, newest, sets, moved, now),
            Again = DeploymentStatuses.Deadline(deployment, moved, now),
            Remove = deployment.Object.Metadata.DeletionTimestamp is null && (deployment.IsPaused || DeploymentStatuses.IsComplete(deployment, newest, sets))
                ? Outdated(deployment, sets.Where(s => s != newest)) : [],
        };
    }

    // While a rollout is paused no time runs out; and after it, time runs anew.
    private static ImmutableArray<WorkloadCondition> Paused(DeploymentState deployment, DateTimeOffset now)
    {
        var known = deployment.Conditions.Of("Progressing");
        if (deployment.ProgressDeadline is null || known?.Reason == "ProgressDeadlineExceeded" || deployment.IsPaused == (known?.Reason == "DeploymentPaused"))
            return deployment.Conditions;
        return deployment.IsPaused
            ? DeploymentStatuses.Progress(deployment, deployment.Conditions, "Unknown", "DeploymentPaused", "Deployment is paused", now)
            : DeploymentStatuses.Progress(deployment, deployment.Conditions, "Unknown", "DeploymentResumed", "Deployment is resumed", now);
    }

    private static ImmutableArray<ReplicaSetState> Outdated(DeploymentState deployment, IEnumerable<ReplicaSetState> old)
    {
        var kept = old.Where(s => s.Object.Metadata.DeletionTimestamp is null).OrderBy(s => s.Revision).ThenBy(s => s.Object.Metadata.CreationTimestamp).ToList();
        return [.. kept.Take(Math.Max(0, kept.Count - deployment.HistoryLimit)).Where(s => s.Pods == 0 && s.Replicas == 0 && s.IsObserved)];
    }

    private static string? Noted(DeploymentState deployment, long revision)
    {
        var text = revision.ToString(CultureInfo.InvariantCulture);
        return deployment.Object.Metadata.Annotation(DeploymentAnnotations.Revision) == text ? null : text;
    }

    private static KubeObject NewSet(DeploymentState deployment, int replicas, long revision)
    {
        var hash = TemplateHash.Of(deployment.Template, deployment.Collisions);
        var template = (JsonObject)deployment.Template.Json.ToNode()!;
        var labels = template["metadata"]?["labels"] as JsonObject ?? [];
        labels[PodTemplate.HashLabel] = hash;
        var selector = (JsonObject)deployment.Object.At("spec", "selector").ToNode()!;
        if (selector["matchLabels"] is not JsonObject)
            selector["matchLabels"] = new JsonObject();
        selector["matchLabels"]![PodTemplate.HashLabel] = hash;

        var annotations = DeploymentAnnotations.Handed(deployment).ToNode();
        annotations[DeploymentAnnotations.Revision] = revision.ToString(CultureInfo.InvariantCulture);
        annotations[DeploymentAnnotations.DesiredReplicas] = deployment.Replicas.ToString(CultureInfo.InvariantCulture);
        annotations[DeploymentAnnotations.MaxReplicas] = (deployment.Replicas + deployment.MaxSurge).ToString(CultureInfo.InvariantCulture);
        var spec = new JsonObject { ["replicas"] = replicas, ["selector"] = selector, ["template"] = template };
        if (deployment.MinReadySeconds > 0)
            spec["minReadySeconds"] = deployment.MinReadySeconds;
        return KubeObject.From(Resources.ReplicaSets, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Name}-{hash}",
                ["namespace"] = deployment.Object.Metadata.Namespace,
                ["labels"] = labels.DeepClone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Claims.Reference(deployment.Object)),
            },
            ["spec"] = spec,
        });
    }
}

/// <summary>What is to change about one ReplicaSet.</summary>
/// <param name="Set">Which.</param>
/// <param name="Replicas">How many pods it is to have.</param>
/// <param name="Patch">The change.</param>
internal sealed record SetChange(ReplicaSetState Set, int Replicas, JsonArray Patch)
{
    /// <summary>Whether the number of pods changes, which is told to people.</summary>
    public bool Scales => Replicas != Set.Replicas;

    /// <summary>The change; null when there is none.</summary>
    public static SetChange? For(DeploymentState deployment, ReplicaSetState set, bool isNewest, long revision, int replicas)
    {
        var was = set.Object.Metadata.Annotations ?? new Dictionary<string, string>(StringComparer.Ordinal);
        var next = new Dictionary<string, string>(was, StringComparer.Ordinal)
        {
            [DeploymentAnnotations.DesiredReplicas] = deployment.Replicas.ToString(CultureInfo.InvariantCulture),
            [DeploymentAnnotations.MaxReplicas] = (deployment.Replicas + deployment.MaxSurge).ToString(CultureInfo.InvariantCulture),
        };
        if (isNewest)
        {
            foreach (var (key, value) in DeploymentAnnotations.Handed(deployment))
                next[key] = value;
            if (set.Revision < revision)
            {
                next[DeploymentAnnotations.Revision] = revision.ToString(CultureInfo.InvariantCulture);
                if (set.Revision > 0)
                    next[DeploymentAnnotations.RevisionHistory] = string.Join(',', ((string?[])[was.GetValueOrDefault(DeploymentAnnotations.RevisionHistory), $"{set.Revision}"]).OfType<string>());
            }
        }

        var patch = new JsonPatch().For(set.Object);
        var nothing = patch.Operations.Count;
        if (replicas != set.Replicas)
            patch.Set("/spec/replicas", replicas);
        if (isNewest && (set.Object.At("spec", "minReadySeconds").Int() ?? 0) != deployment.MinReadySeconds)
            patch.Set("/spec/minReadySeconds", deployment.MinReadySeconds);
        // Old sets without pods keep their notes: nobody reads them, and writing them would wake everyone.
        if ((replicas != 0 || set.Replicas != 0 || isNewest) && !next.OrderBy(a => a.Key, StringComparer.Ordinal).SequenceEqual(was.OrderBy(a => a.Key, StringComparer.Ordinal)))
            patch.Set("/metadata/annotations", next.ToNode());
        return patch.Operations.Count == nothing ? null : new(set, replicas, patch.Operations);
    }
}
