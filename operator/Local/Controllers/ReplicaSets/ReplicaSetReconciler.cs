using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Controllers;

/// <summary>Carries out what <see cref="ReplicaSetPlan"/> says.</summary>
internal sealed class ReplicaSetReconciler(ApiClient api, ControllerCaches caches, EventRecorder events, TimeProvider time)
{
    /// <summary>One pass over one ReplicaSet.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        if (caches.ReplicaSets.Find(key.Namespace, key.Name) is not { } set)
            return Outcome.Settled;

        // :: Step 1 - the pods that are its own.
        var selector = LabelSelector.Read(set.At("spec", "selector"));
        var claims = Claims.Of(set, selector, caches.Pods.OwnedBy(set.Metadata.Uid!), ControllerCaches.Orphans(caches.Pods, key.Namespace).Where(p => new PodState(p).IsActive));
        foreach (var pod in claims.Adopt)
            await PatchAsync(pod, Claims.Adoption(set, pod), stop);
        foreach (var pod in claims.Release)
            await PatchAsync(pod, Claims.Releasing(set, pod), stop);

        // :: Step 2 - as many as are wanted. A refusal is written down before it is thrown: people look at the status.
        ApiException? refusal = null;
        (string, string)? failure = null;
        if (set.Metadata.DeletionTimestamp is null)
        {
            var plan = ReplicaSetPlan.For(set.At("spec", "replicas").Int() ?? 1, Own(set, selector));
            try
            {
                await CreateAsync(set, plan.Missing, stop);
                foreach (var pod in plan.Surplus)
                    await DeleteAsync(set, pod, stop);
            }
            catch (ApiException e) when (!e.IsConflict)
            {
                if (e.IsNotFound || e.Status.Causes.Any(c => c.Reason == "NamespaceTerminating"))
                    return Outcome.Settled; // the namespace goes, and the set with it
                refusal = e;
                failure = (plan.Missing > 0 ? "FailedCreate" : "FailedDelete", e.Status.Message);
                events.Record(
                    References.To(set), "Warning", plan.Missing > 0 ? "FailedCreate" : "FailedDelete", "Reconcile",
                    plan.Missing > 0 ? $"Error creating: {e.Status.Message}" : $"Error deleting: {e.Status.Message}");
            }
        }

        // :: Step 3 - the status, when it says something new.
        var (pods, now) = (Own(set, selector), time.GetUtcNow());
        var status = ReplicaSetPlan.Status(set, pods, failure, now);
        if (ReplicaSetPlan.Differs(status, set.Part("status")))
            caches.ReplicaSets.Witness(await api.JsonPatchAsync(Resources.ReplicaSets, key.Namespace, key.Name, new JsonPatch().For(set).Set("/status", status).Operations, stop, "status"));
        if (refusal is not null)
            throw refusal;
        return ReplicaSetPlan.NextAvailable(set, pods, now) is { } after ? Outcome.Again(after) : Outcome.Settled;
    }

    private PodState[] Own(KubeObject set, LabelSelector selector) =>
        [.. caches.Pods.OwnedBy(set.Metadata.Uid!).Where(p => p.Metadata.ControllerOwner()?.Uid == set.Metadata.Uid && selector.Matches(p.Metadata.LabelsOrNone())).Select(p => new PodState(p))];

    // One first, then twice as many each time: should all be refused, only few were asked for.
    private async Task CreateAsync(KubeObject set, int count, CancellationToken stop)
    {
        for (var (left, batch) = (count, 1); left > 0; left -= batch, batch *= 2)
        {
            batch = Math.Min(batch, left);
            await Task.WhenAll(Enumerable.Range(0, batch).Select(_ => CreateAsync(set, stop)));
        }
    }

    private async Task CreateAsync(KubeObject set, CancellationToken stop)
    {
        var made = await api.CreateAsync(ReplicaSetPlan.Pod(set), stop);
        caches.Pods.Witness(made);
        events.Record(References.To(set), "Normal", "SuccessfulCreate", "CreatePod", $"Created pod: {made.Metadata.Name}");
    }

    private async Task DeleteAsync(KubeObject set, PodState pod, CancellationToken stop)
    {
        try
        {
            await api.DeleteAsync(Resources.Pods, pod.Object.Metadata.Namespace, pod.Name, new(Uid: pod.Object.Metadata.Uid), stop);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Gone already, which is what was wanted.
        }

        caches.Pods.WitnessDeleted(pod.Object.Metadata.Namespace, pod.Name, pod.Object.Metadata.Uid!);
        events.Record(References.To(set), "Normal", "SuccessfulDelete", "DeletePod", $"Deleted pod: {pod.Name}");
    }

    private async Task PatchAsync(KubeObject pod, JsonArray patch, CancellationToken stop) =>
        caches.Pods.Witness(await api.JsonPatchAsync(Resources.Pods, pod.Metadata.Namespace, pod.Metadata.Name, patch, stop));
}
