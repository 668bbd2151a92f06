using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Controllers;

/// <summary>Where keys go, one queue for each kind that has a controller.</summary>
/// <param name="Deployments">Deployments.</param>
/// <param name="ReplicaSets">ReplicaSets.</param>
/// <param name="Services">Services.</param>
/// <param name="Autoscalers">HorizontalPodAutoscalers.</param>
/// <param name="Budgets">PodDisruptionBudgets.</param>
/// <param name="Namespaces">Namespaces, by name alone.</param>
internal sealed record ControllerQueues(
    Action<ObjectKey> Deployments, Action<ObjectKey> ReplicaSets, Action<ObjectKey> Services,
    Action<ObjectKey> Autoscalers, Action<ObjectKey> Budgets, Action<ObjectKey> Namespaces);

/// <summary>Which objects want a pass when another changes. What was and what is both count: an object that left a selector is missed by it.</summary>
internal static class ControllerKeys
{
    /// <summary>Has every change in the caches wake whom it concerns.</summary>
    public static void Connect(ControllerCaches caches, ControllerQueues queues)
    {
        caches.Deployments.Changed += (was, now) =>
        {
            queues.Deployments(Key(was, now));
            WakeScalers(was ?? now!, "Deployment");
            if (Changes(was, now, "spec", "replicas"))
                WakeBudgets(was ?? now!);
        };
        caches.ReplicaSets.Changed += (was, now) =>
        {
            queues.ReplicaSets(Key(was, now));
            WakeScalers(was ?? now!, "ReplicaSet");
            WakeOwners(was, now, "Deployment", queues.Deployments);
            if (now is not null && now.Metadata.ControllerOwner() is null)
                WakeSelectors(caches.Deployments, now, queues.Deployments);
        };
        caches.Pods.Changed += (was, now) =>
        {
            WakeOwners(was, now, "ReplicaSet", queues.ReplicaSets);
            if (now is not null && now.Metadata.ControllerOwner() is null)
                WakeSelectors(caches.ReplicaSets, now, queues.ReplicaSets);
            // A Deployment that recreates waits for the very last pod.
            if (now is null && was!.Metadata.ControllerOwner() is { Kind: "ReplicaSet" } set && caches.ReplicaSets.Find(was.Metadata.Namespace, set.Name) is { } above)
                WakeOwners(above, null, "Deployment", queues.Deployments);
            WakeServices(was);
            WakeServices(now);
            WakeBudgets(was ?? now!);
        };
        caches.Services.Changed += (was, now) => queues.Services(Key(was, now));
        caches.Endpoints.Changed += (was, now) => queues.Services(Key(was, now));
        caches.Slices.Changed += (was, now) =>
        {
            if ((now ?? was)!.Metadata.Label(EndpointSlicePlan.ServiceLabel) is { } service)
                queues.Services(new((now ?? was)!.Metadata.Namespace ?? "", service));
        };
        caches.Autoscalers.Changed += (was, now) => queues.Autoscalers(Key(was, now));
        caches.Budgets.Changed += (was, now) => queues.Budgets(Key(was, now));
        caches.Namespaces.Changed += (was, now) => queues.Namespaces(new("", (now ?? was)!.Metadata.Name));
        caches.Accounts.Changed += (was, now) =>
        {
            if (now is null && was!.Metadata.Name == NamespaceReconciler.Account)
                queues.Namespaces(new("", was.Metadata.Namespace ?? ""));
        };

        void WakeServices(KubeObject? pod)
        {
            if (pod is null)
                return;
            foreach (var service in ControllerCaches.InNamespace(caches.Services, pod.Metadata.Namespace ?? ""))
            {
                if (LabelSelector.ReadMap(service.At("spec", "selector")).Matches(pod.Metadata.LabelsOrNone()))
                    queues.Services(ObjectKey.Of(service));
            }
        }

        void WakeScalers(KubeObject target, string kind)
        {
            foreach (var autoscaler in ControllerCaches.InNamespace(caches.Autoscalers, target.Metadata.Namespace ?? ""))
            {
                if (ReplicaBounds.TargetOf(autoscaler) == (kind, target.Metadata.Name))
                    queues.Autoscalers(ObjectKey.Of(autoscaler));
            }
        }

        void WakeBudgets(KubeObject concerned)
        {
            foreach (var budget in ControllerCaches.InNamespace(caches.Budgets, concerned.Metadata.Namespace ?? ""))
                queues.Budgets(ObjectKey.Of(budget));
        }
    }

    private static ObjectKey Key(KubeObject? was, KubeObject? now) => ObjectKey.Of((now ?? was)!);

    private static bool Changes(KubeObject? was, KubeObject? now, params ReadOnlySpan<string> path) => was?.At(path).Int() != now?.At(path).Int();

    private static void WakeOwners(KubeObject? was, KubeObject? now, string kind, Action<ObjectKey> queue)
    {
        foreach (var obj in (KubeObject?[])[was, now])
        {
            if (obj?.Metadata.ControllerOwner() is { } owner && owner.Kind == kind)
                queue(new(obj.Metadata.Namespace ?? "", owner.Name));
        }
    }

    private static void WakeSelectors(ObjectCache<KubeObject> owners, KubeObject orphan, Action<ObjectKey> queue)
    {
        foreach (var owner in owners.All.Where(o => o.Metadata.Namespace == orphan.Metadata.Namespace))
        {
            if (LabelSelector.Read(owner.At("spec", "selector")).Matches(orphan.Metadata.LabelsOrNone()))
                queue(ObjectKey.Of(owner));
        }
    }
}
