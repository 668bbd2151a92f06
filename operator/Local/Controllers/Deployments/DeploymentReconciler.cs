using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Controllers;

/// <summary>Carries out what <see cref="DeploymentPlan"/> says.</summary>
internal sealed class DeploymentReconciler(ApiClient api, ControllerCaches caches, EventRecorder events, TimeProvider time)
{
    /// <summary>One pass over one Deployment.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        if (caches.Deployments.Find(key.Namespace, key.Name) is not { } found)
            return Outcome.Settled; // its ReplicaSets are the garbage collector's

        // :: Step 1 - the ReplicaSets that are its own.
        var deployment = new DeploymentState(found);
        var claims = Claims.Of(found, deployment.Selector, caches.ReplicaSets.OwnedBy(found.Metadata.Uid!), ControllerCaches.Orphans(caches.ReplicaSets, key.Namespace));
        foreach (var set in claims.Adopt)
            await PatchAsync(set, Claims.Adoption(found, set), stop);
        foreach (var set in claims.Release)
            await PatchAsync(set, Claims.Releasing(found, set), stop);
        if (!claims.Adopt.IsEmpty)
            return Outcome.Again(TimeSpan.Zero);

        // :: Step 2 - the next step of the rollout.
        ReplicaSetState[] sets = [.. claims.Own.Select(s => new ReplicaSetState(s))];
        var plan = DeploymentPlan.For(deployment, sets, HasPods, time.GetUtcNow());
        if (plan.Create is { } made && !await CreateAsync(deployment, made, stop))
            return Outcome.Again(TimeSpan.Zero);
        foreach (var change in plan.Changes)
        {
            await PatchAsync(change.Set.Object, change.Patch, stop);
            if (change.Scales)
                Tell(deployment, change.Set.Name, change.Set.Replicas, change.Replicas);
        }

        foreach (var set in plan.Remove)
        {
            await api.DeleteAsync(Resources.ReplicaSets, key.Namespace, set.Name, new(Uid: set.Object.Metadata.Uid), stop);
            caches.ReplicaSets.WitnessDeleted(key.Namespace, set.Name, set.Object.Metadata.Uid!);
        }

        // :: Step 3 - the status, when it says something new. The revision goes along: an annotation that is written with the status is no new generation.
        var patch = new JsonPatch().For(found);
        var nothing = patch.Operations.Count;
        if (plan.Revision is { } revision)
            patch.Set("/metadata/annotations", Noted(found, revision));
        if (DeploymentStatuses.Differs(plan.Status, found.Part("status")))
            patch.Set("/status", plan.Status);
        if (patch.Operations.Count > nothing)
            caches.Deployments.Witness(await api.JsonPatchAsync(Resources.Deployments, key.Namespace, key.Name, patch.Operations, stop, "status"));
        return plan.Again is { } again ? Outcome.Again(again) : Outcome.Settled;
    }

    private bool HasPods(ReplicaSetState set) =>
        caches.Pods.OwnedBy(set.Object.Metadata.Uid!).Any(p => !new PodState(p).IsOver);

    /// <summary>False: the name is taken by a ReplicaSet of another template, and the next pass takes another name.</summary>
    private async Task<bool> CreateAsync(DeploymentState deployment, KubeObject made, CancellationToken stop)
    {
        try
        {
            caches.ReplicaSets.Witness(await api.CreateAsync(made, stop));
            if ((made.At("spec", "replicas").Int() ?? 0) is var replicas and > 0)
                Tell(deployment, made.Metadata.Name, 0, replicas);
            return true;
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            var taken = await api.FindAsync(Kinds.Raw(Resources.ReplicaSets), made.Metadata.Namespace, made.Metadata.Name, stop);
            if (taken?.Metadata.ControllerOwner()?.Uid == deployment.Object.Metadata.Uid && new ReplicaSetState(taken!).Template.Same(deployment.Template))
            {
                caches.ReplicaSets.Witness(taken!); // made by a pass whose answer was lost
                return false;
            }

            var patch = new JsonPatch().For(deployment.Object);
            if (deployment.Object.Part("status").ValueKind != System.Text.Json.JsonValueKind.Object)
                patch.Set("/status", new JsonObject());
            patch.Set("/status/collisionCount", deployment.Collisions + 1);
            caches.Deployments.Witness(await api.JsonPatchAsync(
                Resources.Deployments, made.Metadata.Namespace, deployment.Name, patch.Operations, stop, "status"));
            return false;
        }
    }

    private static JsonObject Noted(KubeObject deployment, string revision)
    {
        var annotations = deployment.At("metadata", "annotations").Texts().ToDictionary(StringComparer.Ordinal);
        annotations[DeploymentAnnotations.Revision] = revision;
        return annotations.ToNode();
    }

    private async Task PatchAsync(KubeObject set, JsonArray patch, CancellationToken stop) =>
        caches.ReplicaSets.Witness(await api.JsonPatchAsync(Resources.ReplicaSets, set.Metadata.Namespace, set.Metadata.Name, patch, stop));

    private void Tell(DeploymentState deployment, string set, int from, int to)
    {
        var (word, action) = to > from ? ("up", "ScaleUp") : ("down", "ScaleDown");
        events.Record(References.To(deployment.Object), "Normal", "ScalingReplicaSet", action, $"Scaled {word} replica set {set} from {from} to {to}");
    }
}
