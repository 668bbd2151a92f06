using System.Collections.Immutable;
using System.Globalization;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>An object of an app, or one of its services, with what hangs below it.</summary>
/// <param name="Kind">The object's kind; <c>Service</c> of the table has none and is null.</param>
/// <param name="Name">Its name.</param>
internal sealed record TreeNode(string? Kind, string Name)
{
    /// <summary>What it is good for, <c>1/1</c>; null where that says nothing.</summary>
    internal string? Ready { get; init; }

    /// <summary>How it is, in a word or two; null where there is nothing to say.</summary>
    internal string? State { get; init; }

    /// <summary>What that means.</summary>
    internal Tone Tone { get; init; }

    /// <summary>Why it is so, for people.</summary>
    internal string? Message { get; init; }

    /// <summary>Restarts of a pod's containers.</summary>
    internal int? Restarts { get; init; }

    /// <summary>When it was created.</summary>
    internal DateTimeOffset? Created { get; init; }

    /// <summary>What it owns, or what belongs to the service.</summary>
    internal ImmutableArray<TreeNode> Children { get; init; } = [];
}

/// <summary>App, service, Deployment, ReplicaSet, Pod, and whatever else the app owns. Who owns what is told by ownerReferences alone. Pure.</summary>
internal static class ObjectTree
{
    // What runs comes first, then what leads to it, then what surrounds it.
    private static readonly string[] Order =
    [
        "Deployment", "ReplicaSet", "Pod", "Service", "HTTPRoute", "GRPCRoute", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor",
        "ConfigMap", "ServiceAccount", "Role", "RoleBinding",
    ];

    /// <summary>The app with everything below it.</summary>
    /// <param name="app">The app.</param>
    /// <param name="objects">Objects, of this app and perhaps of others.</param>
    /// <param name="all">Whether ReplicaSets of older templates without pods are shown as well.</param>
    internal static TreeNode Of(MicroserviceApp app, ImmutableArray<KubeObject> objects, bool all)
    {
        var children = objects.Where(o => app.Metadata.Uid is { } uid && o.Metadata.IsOwnedBy(uid)).ToList();
        var rows = Rows(app);
        var known = rows.Select(r => r.Name).ToHashSet(StringComparer.Ordinal);
        return ObjectStates.OfApp(app) with
        {
            Children =
            [
                .. rows.Select(row => row with { Children = Below(children.Where(o => o.Metadata.Label(Keys.Service) == row.Name), objects, all) }),
                .. Below(children.Where(o => o.Metadata.Label(Keys.Service) is not { } service || !known.Contains(service)), objects, all),
            ],
        };
    }

    /// <summary>What the app owns, directly or through others.</summary>
    internal static ImmutableArray<KubeObject> Owned(MicroserviceApp app, ImmutableArray<KubeObject> objects)
    {
        var owners = new HashSet<string>(StringComparer.Ordinal);
        if (app.Metadata.Uid is { } uid)
            owners.Add(uid);
        // As deep as Kubernetes nests: Deployment, ReplicaSet, Pod.
        for (var before = 0; before != owners.Count;)
        {
            before = owners.Count;
            owners.UnionWith(objects.Where(o => Owners(o).Any(owners.Contains)).Select(o => o.Metadata.Uid!));
        }

        return [.. objects.Where(o => Owners(o).Any(owners.Contains))];
    }

    private static IEnumerable<string> Owners(KubeObject o) => o.Metadata.OwnerReferences?.Select(r => r.Uid) ?? [];

    // Before the operator has written a status the spec tells what there will be.
    private static List<TreeNode> Rows(MicroserviceApp app) => app.Status is { Services.Count: > 0 } status
        ? [.. status.Services.Select(ObjectStates.OfService)]
        : [.. (app.Spec.Services ?? []).Select(s => s.Name).Concat(app.Spec.Gateway is null ? [] : [Names.Gateway]).Select(name => new TreeNode(null, name))];

    private static ImmutableArray<TreeNode> Below(IEnumerable<KubeObject> some, ImmutableArray<KubeObject> objects, bool all) =>
    [
        .. some.Where(o => all || !IsOld(o))
            .OrderBy(o => Array.IndexOf(Order, o.Resource.Kind) is >= 0 and var place ? place : Order.Length)
            .ThenByDescending(Revision).ThenBy(o => o.Metadata.Name, StringComparer.Ordinal)
            .Select(o => ObjectStates.Of(o) with { Children = o.Metadata.Uid is { } uid ? Below(objects.Where(c => c.Metadata.IsOwnedBy(uid)), objects, all) : [] }),
    ];

    private static bool IsOld(KubeObject o) => o.Resource.Kind == "ReplicaSet" && o.Json.Number("spec", "replicas") == 0 && (o.Json.Number("status", "replicas") ?? 0) == 0;

    private static long Revision(KubeObject o) =>
        long.TryParse(o.Metadata.Annotation("deployment.kubernetes.io/revision"), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;
}
