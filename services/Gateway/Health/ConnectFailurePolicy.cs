using Yarp.ReverseProxy.Forwarder;
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
        if (context.GetForwarderErrorFeature()?.Error is ForwarderError.Request)
        {
            updater.SetPassive(cluster, destination, DestinationHealth.Unhealthy, ClusterHealth.AvoidFor);
            resolver.LookAgain(); // the pod may have gone, and another one come
        }
        else if (destination.Health.Passive != DestinationHealth.Healthy && context.GetForwarderErrorFeature() is null)
        {
            updater.SetPassive(cluster, destination, DestinationHealth.Healthy, ClusterHealth.AvoidFor);
        }
    }
}
