using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Controllers;

/// <summary>Carries out what <see cref="ReplicaBounds"/> says.</summary>
internal sealed class AutoscalerReconciler(ApiClient api, ControllerCaches caches, EventRecorder events, TimeProvider time)
{
    /// <summary>One pass over one HorizontalPodAutoscaler.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        if (caches.Autoscalers.Find(key.Namespace, key.Name) is not { } autoscaler)
            return Outcome.Settled;
        var (kind, name) = ReplicaBounds.TargetOf(autoscaler);
        var target = kind == "Deployment" ? caches.Deployments.Find(key.Namespace, name) : kind == "ReplicaSet" ? caches.ReplicaSets.Find(key.Namespace, name) : null;
        var bounds = ReplicaBounds.For(autoscaler, target, time.GetUtcNow());
        if (target is not null && bounds.Replicas != (target.At("spec", "replicas").Int() ?? 1))
        {
            var patch = new JsonPatch().Set("/spec/replicas", bounds.Replicas).Operations;
            await api.JsonPatchAsync(target.Resource, key.Namespace, name, patch, stop, "scale");
            events.Record(References.To(autoscaler), "Normal", "SuccessfulRescale", "Rescale", $"New size: {bounds.Replicas}; reason: the bounds of the autoscaler");
        }

        if (!JsonNode.DeepEquals(bounds.Status, autoscaler.Part("status").ToNode()))
            caches.Autoscalers.Witness(await api.JsonPatchAsync(ReplicaBounds.Autoscalers, key.Namespace, key.Name, new JsonPatch().For(autoscaler).Set("/status", bounds.Status).Operations, stop, "status"));
        return Outcome.Settled;
    }
}

/// <summary>Keeps the counts of PodDisruptionBudgets.</summary>
internal sealed class BudgetReconciler(ApiClient api, ControllerCaches caches, TimeProvider time)
{
    /// <summary>One pass over one PodDisruptionBudget.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        if (caches.Budgets.Find(key.Namespace, key.Name) is not { } budget)
            return Outcome.Settled;
        var selector = LabelSelector.Read(budget.At("spec", "selector"));
        PodState[] pods = [.. ControllerCaches.InNamespace(caches.Pods, key.Namespace).Where(p => selector.Matches(p.Metadata.LabelsOrNone())).Select(p => new PodState(p))];
        var status = DisruptionBudget.Status(budget, pods, Scale(pods, key.Namespace), time.GetUtcNow());
        if (!JsonNode.DeepEquals(status, budget.Part("status").ToNode()))
            caches.Budgets.Witness(await api.JsonPatchAsync(DisruptionBudget.Budgets, key.Namespace, key.Name, new JsonPatch().For(budget).Set("/status", status).Operations, stop, "status"));
        return Outcome.Settled;
    }

    // What the Deployments above the pods want; the ReplicaSet's own number where there is none above.
    private int Scale(PodState[] pods, string ns)
    {
        var sets = pods.Select(p => p.Object.Metadata.ControllerOwner()).OfType<OwnerReference>().Where(o => o.Kind == "ReplicaSet")
            .Select(o => caches.ReplicaSets.Find(ns, o.Name)).OfType<KubeObject>();
        return sets.Select(s => s.Metadata.ControllerOwner() is { Kind: "Deployment" } above ? caches.Deployments.Find(ns, above.Name) : s)
            .OfType<KubeObject>().DistinctBy(o => o.Metadata.Uid).Sum(o => o.At("spec", "replicas").Int() ?? 1);
    }
}
