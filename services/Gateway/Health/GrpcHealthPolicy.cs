using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Fleet.Gateway;

/// <summary>Active health of gRPC destinations, as <see cref="GrpcProbeHandler"/> understood their answers.</summary>
internal sealed class GrpcHealthPolicy(IDestinationHealthUpdater updater) : IActiveHealthCheckPolicy
{
    public const string PolicyName = "GrpcHealth";

    public string Name => PolicyName;

    public void ProbingCompleted(ClusterState cluster, IReadOnlyList<DestinationProbingResult> probingResults) =>
        updater.SetActive(cluster, probingResults.Select(r => new NewActiveDestinationHealth(
            r.Destination, r.Response is { IsSuccessStatusCode: true } ? DestinationHealth.Healthy : DestinationHealth.Unhealthy)));
}
