using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Fleet.Gateway;

/// <summary>Passive health: a destination that takes no connection, or breaks it before it answers, is avoided until it has had time to come back.</summary>
internal sealed class ConnectFailurePolicy(IDestinationHealthUpdater updater, HeadlessResolver resolver) : IPassiveHealthCheckPolicy
{
    public const string PolicyName = "ConnectFailure";

    public string Name => PolicyName;

    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        var failure = context.UpstreamFailed();
        if (failure is not null && (failure.NeverConnected() || failure.BrokeOff()))
        {
            updater.SetPassive(cluster, destination, DestinationHealth.Unhealthy, ClusterHealth.AvoidFor);
            resolver.LookAgain(); // the pod may have gone, and another one come
        }
        else if (destination.Health.Passive != DestinationHealth.Healthy && failure is null)
        {
            updater.SetPassive(cluster, destination, DestinationHealth.Healthy, ClusterHealth.AvoidFor);
        }
    }
}
