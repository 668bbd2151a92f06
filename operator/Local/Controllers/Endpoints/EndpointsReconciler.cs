using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Local.Controllers;

/// <summary>Keeps the EndpointSlices and the Endpoints of each Service.</summary>
internal sealed class EndpointsReconciler(ApiClient api, ControllerCaches caches)
{
    /// <summary>One pass over one Service.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        var endpoints = caches.Endpoints.Find(key.Namespace, key.Name);
        if (caches.Services.Find(key.Namespace, key.Name) is not { } service)
        {
            // Slices have an owner; Endpoints go by the name alone.
            if (endpoints is not null && key is not { Namespace: "default", Name: "kubernetes" })
                await DeleteAsync(caches.Endpoints, endpoints, stop);
            return Outcome.Settled;
        }

        if (ServiceEndpoints.AreForeign(service) || service.Metadata.DeletionTimestamp is not null)
            return Outcome.Settled;
        var behind = ServiceEndpoints.Of(service, ControllerCaches.InNamespace(caches.Pods, key.Namespace).Select(p => new PodState(p)));
        await WriteSlicesAsync(service, behind, stop);

        var wanted = EndpointsPlan.For(service, behind);
        if (endpoints is null)
            caches.Endpoints.Witness(await api.CreateAsync(wanted, stop));
        else if (EndpointsPlan.Change(endpoints, wanted) is { } patch)
            caches.Endpoints.Witness(await api.JsonPatchAsync(EndpointsPlan.Endpoints, key.Namespace, key.Name, patch, stop));
        return Outcome.Settled;
    }

    private async Task WriteSlicesAsync(KubeObject service, System.Collections.Immutable.ImmutableArray<ServiceEndpoint> behind, CancellationToken stop)
    {
        if (caches.Slices.State != CacheState.Synced)
            return; // a server before 1.21
        var plan = EndpointSlicePlan.For(
            service, behind, caches.Slices.By(ControllerCaches.ByService, ControllerCaches.ServiceOf(service)).Where(EndpointSlicePlan.IsOurs));
        foreach (var slice in plan.Create)
            caches.Slices.Witness(await api.CreateAsync(slice, stop));
        foreach (var (slice, patch) in plan.Update)
            caches.Slices.Witness(await api.JsonPatchAsync(EndpointSlicePlan.Slices, slice.Metadata.Namespace, slice.Metadata.Name, patch, stop));
        foreach (var slice in plan.Delete)
            await DeleteAsync(caches.Slices, slice, stop);
    }

    private async Task DeleteAsync(ObjectCache<KubeObject> cache, KubeObject obj, CancellationToken stop)
    {
        await api.DeleteAsync(obj.Resource, obj.Metadata.Namespace, obj.Metadata.Name, new(Uid: obj.Metadata.Uid), stop);
        cache.WitnessDeleted(obj.Metadata.Namespace, obj.Metadata.Name, obj.Metadata.Uid!);
    }
}
