using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Processes;

/// <summary>Gives pods of no node to this one, as there is no scheduler.</summary>
internal sealed class PodBinder(ApiClient api, ObjectCache<LocalPod> unbound, string node)
{
    /// <summary>One pass over one pod.</summary>
    public async Task<Outcome> BindAsync(ObjectKey key, CancellationToken stop)
    {
        if (unbound.Find(key.Namespace, key.Name) is not { } pod || !IsWanted(pod))
            return Outcome.Settled;
        try
        {
            await api.BindAsync(pod.Metadata, node, stop);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict || e.IsAlreadyExists)
        {
            // Gone, or somebody else was faster.
        }

        return Outcome.Settled;
    }

    private static bool IsWanted(LocalPod pod) =>
        pod.Metadata.DeletionTimestamp is null && string.IsNullOrEmpty(pod.Spec.NodeName) && pod.Spec.SchedulingGates is not { Count: > 0 };
}
