using System.Collections.Immutable;

namespace Fleet.Local.Controllers;

/// <summary>
/// The arithmetic of Deployments: how many pods each ReplicaSet is to have next. Rule: kubernetes.io, "Deployments", rolling update, proportional scaling.
/// Each answer names only those that change.
/// </summary>
internal static class RollingUpdate
{
    /// <summary>A new number for one ReplicaSet.</summary>
    public readonly record struct Change(ReplicaSetState Set, int Replicas);

    /// <summary>The next step of a rollout: the new set grows as far as the surge allows; else the old ones shrink as far as availability allows.</summary>
    public static ImmutableArray<Change> Next(DeploymentState deployment, ReplicaSetState newest, IReadOnlyList<ReplicaSetState> old)
    {
        var grown = NewReplicas(deployment, newest.Replicas, [.. old, newest]);
        return grown != newest.Replicas ? [new(newest, grown)] : Shrink(deployment, newest, old);
    }

    /// <summary>How many pods the newest set may have.</summary>
    /// <param name="deployment">Whose.</param>
    /// <param name="now">How many it is to have now; 0 when it is to be made.</param>
    /// <param name="all">Every set.</param>
    public static int NewReplicas(DeploymentState deployment, int now, IReadOnlyList<ReplicaSetState> all)
    {
        if (deployment.Recreates || now >= deployment.Replicas)
            return deployment.Replicas;
        var room = deployment.Replicas + deployment.MaxSurge - all.Sum(s => s.Replicas);
        return room <= 0 ? now : now + Math.Min(room, deployment.Replicas - now);
    }

    /// <summary>How the old sets shrink: first by pods that are of no use anyway, then by those that can be spared.</summary>
    public static ImmutableArray<Change> Shrink(DeploymentState deployment, ReplicaSetState newest, IReadOnlyList<ReplicaSetState> old)
    {
        var atLeast = deployment.Replicas - deployment.MaxUnavailable;
        // What the new set still owes is as good as missing.
        var spare = old.Sum(s => s.Replicas) + newest.Replicas - atLeast - (newest.Replicas - newest.Available);
        if (spare <= 0)
            return [];

        var next = ByAge(old).ToDictionary(s => s, s => s.Replicas);
        foreach (var set in ByAge(old))
        {
            var useless = Math.Min(spare, Math.Max(0, set.Replicas - set.Available));
            next[set] -= useless;
            spare -= useless;
        }

        var dispensable = Math.Max(0, old.Sum(s => s.Available) + newest.Available - atLeast);
        foreach (var set in ByAge(old))
        {
            var fewer = Math.Min(dispensable, next[set]);
            next[set] -= fewer;
            dispensable -= fewer;
        }

        return [.. next.Where(n => n.Value != n.Key.Replicas).Select(n => new Change(n.Key, n.Value))];
    }

    /// <summary>The numbers after <c>spec.replicas</c> has changed, or while the rollout is paused: every set keeps its share.</summary>
    public static ImmutableArray<Change> Rescale(DeploymentState deployment, ReplicaSetState? newest, IReadOnlyList<ReplicaSetState> old)
    {
        ReplicaSetState[] all = newest is null ? [.. old] : [.. old, newest];
        var active = all.Where(s => s.Replicas > 0).ToArray();
        if (active.Length <= 1)
        {
            var only = active.FirstOrDefault() ?? newest ?? ByAge(old).LastOrDefault();
            return only is null || only.Replicas == deployment.Replicas ? [] : [new(only, deployment.Replicas)];
        }

        // The rollout is over but for old pods that are left.
        if (newest is not null && newest.DesiredReplicas == deployment.Replicas && newest.Replicas == deployment.Replicas && newest.Available == deployment.Replicas)
            return [.. old.Where(s => s.Replicas > 0).Select(s => new Change(s, 0))];
        return deployment.Recreates ? [] : Proportionally(deployment, active);
    }

    private static ImmutableArray<Change> Proportionally(DeploymentState deployment, ReplicaSetState[] active)
    {
        var allowed = deployment.Replicas > 0 ? deployment.Replicas + deployment.MaxSurge : 0;
        var toAdd = allowed - active.Sum(s => s.Replicas);
        // Of two of a size the newer grows first and the older shrinks first.
        var order = (toAdd > 0 ? active.OrderByDescending(s => s.Replicas).ThenByDescending(Age) : active.OrderByDescending(s => s.Replicas).ThenBy(Age)).ToArray();
        var next = order.ToDictionary(s => s, s => s.Replicas);
        var added = 0;
        foreach (var set in order)
        {
            var share = Fraction(deployment, set, toAdd, added);
            next[set] += share;
            added += share;
        }

        next[order[0]] = Math.Max(0, next[order[0]] + toAdd - added); // what rounding has left over
        return [.. next.Where(n => n.Value != n.Key.Replicas).Select(n => new Change(n.Key, n.Value))];
    }

    private static int Fraction(DeploymentState deployment, ReplicaSetState set, int toAdd, int added)
    {
        if (toAdd == added)
            return 0;
        var was = set.MaxReplicas ?? deployment.Replicas;
        var wanted = deployment.Replicas == 0 ? 0
            : (int)Math.Round(set.Replicas * (double)(deployment.Replicas + deployment.MaxSurge) / Math.Max(1, was), MidpointRounding.AwayFromZero);
        var change = wanted - set.Replicas;
        return toAdd > 0 ? Math.Clamp(change, 0, toAdd - added) : Math.Clamp(change, toAdd - added, 0);
    }

    private static IEnumerable<ReplicaSetState> ByAge(IEnumerable<ReplicaSetState> sets) => sets.OrderBy(Age).ThenBy(s => s.Name, StringComparer.Ordinal);

    private static DateTimeOffset Age(ReplicaSetState set) => set.Object.Metadata.CreationTimestamp ?? default;
}
