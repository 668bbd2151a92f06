using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;

namespace Fleet.Gateway;

/// <summary>
/// How destinations are watched. A destination that cannot be reached is avoided at once and for a while; gRPC destinations are also asked. When none is
/// left all are tried, the one that a ClusterIP stands for above all: a gateway that gives up before the backend does would keep it down.
/// </summary>
internal static class ClusterHealth
{
    public static readonly TimeSpan AvoidFor = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);

    public static HealthCheckConfig For(bool isGrpc) => new()
    {
        AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
        Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = ConnectFailurePolicy.PolicyName, ReactivationPeriod = AvoidFor },
        Active = isGrpc
            ? new ActiveHealthCheckConfig { Enabled = true, Policy = GrpcHealthPolicy.PolicyName, Interval = ProbeEvery, Timeout = ProbeTimeout }
            : null, // an HTTP service tells nobody a path to ask
    };
}
