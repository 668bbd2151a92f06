using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>Which of the objects that an owner selects are its own, which it takes in, and which it lets go.</summary>
/// <param name="Own">Its own, those just taken in not included.</param>
/// <param name="Adopt">Selected and nobody's.</param>
/// <param name="Release">Its own by reference, but no longer selected.</param>
internal sealed record Claims(ImmutableArray<KubeObject> Own, ImmutableArray<KubeObject> Adopt, ImmutableArray<KubeObject> Release)
{
    /// <summary>Decides it.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="selector">What it selects.</param>
    /// <param name="owned">What refers to it.</param>
    /// <param name="orphans">What has no controller, in its namespace.</param>
    public static Claims Of(KubeObject owner, LabelSelector selector, IEnumerable<KubeObject> owned, IEnumerable<KubeObject> orphans)
    {
        var mine = owned.Where(o => o.Metadata.ControllerOwner()?.Uid == owner.Metadata.Uid).ToLookup(o => selector.Matches(o.Metadata.LabelsOrNone()));
        // An owner that is going takes nobody in, and nobody who is going is taken in.
        var adopt = owner.Metadata.DeletionTimestamp is null
            ? orphans.Where(o => o.Metadata.DeletionTimestamp is null && o.Metadata.ControllerOwner() is null && selector.Matches(o.Metadata.LabelsOrNone()))
            : [];
        return new([.. mine[true]], [.. adopt], [.. mine[false]]);
    }

    /// <summary>The reference by which an object is its owner's.</summary>
    public static JsonObject Reference(KubeObject owner) => new()
    {
        ["apiVersion"] = owner.Resource.ApiVersion,
        ["kind"] = owner.Resource.Kind,
        ["name"] = owner.Metadata.Name,
        ["uid"] = owner.Metadata.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>The patch that takes an object in.</summary>
    public static JsonArray Adoption(KubeObject owner, KubeObject child) => Rewritten(child, [.. References(child), Reference(owner)]);

    /// <summary>The patch that lets an object go.</summary>
    public static JsonArray Releasing(KubeObject owner, KubeObject child) =>
        Rewritten(child, [.. References(child).Where(r => (string?)r["uid"] != owner.Metadata.Uid)]);

    private static IEnumerable<JsonObject> References(KubeObject child) => child.At("metadata", "ownerReferences").Items().Select(r => (JsonObject)r.ToNode()!);

    private static JsonArray Rewritten(KubeObject child, IEnumerable<JsonObject> references) =>
        new JsonPatch().For(child).Set("/metadata/ownerReferences", new JsonArray([.. references])).Operations;
}
