using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>Where one lease is kept: at an API server, or in a test's hands. A write names the version it is based on.</summary>
internal interface ILeaseStore
{
    /// <summary>The lease, or null when there is none.</summary>
    Task<Lease?> FindAsync(CancellationToken stop);

    /// <summary>Makes it; someone else may have been faster (<see cref="ApiException.IsAlreadyExists"/>).</summary>
    Task<Lease> CreateAsync(LeaseSpec spec, CancellationToken stop);

    /// <summary>Writes it over the version that was read; someone else may have been faster (<see cref="ApiException.IsConflict"/>).</summary>
    Task<Lease> ReplaceAsync(Lease read, LeaseSpec spec, CancellationToken stop);
}

/// <summary>A lease at an API server.</summary>
internal sealed class ApiLeaseStore(ApiClient api, string ns, string name) : ILeaseStore
{
    public Task<Lease?> FindAsync(CancellationToken stop) => api.FindAsync(Kinds.Leases, ns, name, stop);

    public Task<Lease> CreateAsync(LeaseSpec spec, CancellationToken stop) =>
        api.CreateAsync(Kinds.Leases, ns, new Lease { Metadata = new() { Name = name, Namespace = ns }, Spec = spec }, KubeJson.Default.Lease, stop);

    public Task<Lease> ReplaceAsync(Lease read, LeaseSpec spec, CancellationToken stop) =>
        api.ReplaceAsync(Kinds.Leases, ns, name, read with { Spec = spec }, KubeJson.Default.Lease, stop);
}
