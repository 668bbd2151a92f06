using System.Collections.Concurrent;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Local;
using Fleet.Local.Processes;

namespace Fleet.Cli;

/// <summary>Apps on a local cluster, seen as the table shows them.</summary>
internal sealed class LocalFleet(LocalCluster cluster, TimeProvider time)
{
    private const int UsualGatewayPort = 80;

    private readonly ApiClient _api = cluster.Connect("fleet-up");
    private volatile IReadOnlyList<MicroserviceApp> _apps = [];

    /// <summary>The apps, as last told.</summary>
    internal IReadOnlyList<MicroserviceApp> Apps => _apps;

    /// <summary>The client that files are applied with.</summary>
    internal ApiClient Api => _api;

    /// <summary>Follows the apps until stopped.</summary>
    /// <param name="changed">Called at every change.</param>
    /// <param name="stop">Ends it.</param>
    internal Task FollowAsync(Action changed, CancellationToken stop)
    {
        cluster.Node.Proxies.Changed += changed;
        return new AppFollower(_api, new(), time).FollowAsync(
            apps =>
            {
                _apps = apps;
                changed();
                return false;
            },
            stop);
    }

    /// <summary>What is known of a service here.</summary>
    internal LocalService Of(MicroserviceApp app, ServiceState service)
    {
        var (ns, name) = (app.Metadata.Namespace!, Names.Child(app.Metadata.Name, service.Name));
        var pods = cluster.Node.Usage.Where(u => u.Namespace == ns && OwnerOf(u.Pod) == name).ToList();
        return new(Place(ns, name, service.Port), pods.Sum(p => p.Restarts), pods.Sum(p => p.Cpu), pods.Sum(p => p.Memory));
    }

    /// <summary>Where the gateway of an app is reached; null when it has none.</summary>
    internal Uri? GatewayOf(MicroserviceApp app) =>
        app.Spec.Gateway is { } gateway ? Place(app.Metadata.Namespace!, Names.Child(app.Metadata.Name, Names.Gateway), gateway.Port ?? UsualGatewayPort) : null;

    /// <summary>Why a gateway listens at another port than it should; null when it does not.</summary>
    internal string? GatewayRemark(MicroserviceApp app) =>
        app.Spec.Gateway is { } gateway ? cluster.Node.Proxies.ReasonOf(app.Metadata.Namespace!, Names.Child(app.Metadata.Name, Names.Gateway), gateway.Port ?? UsualGatewayPort) : null;

    private Uri? Place(string ns, string service, int port) =>
        cluster.Node.Proxies.Of(ns, service, port) is { } place ? new UriBuilder("http", place.Address.ToString(), place.Port).Uri : null;

    // A pod of a Deployment is named <deployment>-<hash>-<random>.
    private static string OwnerOf(string pod)
    {
        for (var i = 0; i < 2 && pod.LastIndexOf('-') is var at and > 0; i++)
            pod = pod[..at];
        return pod;
    }
}

/// <summary>At which port of 127.0.0.1 the gateways are wanted: their own, or the one that was asked for.</summary>
/// <param name="port">The one that was asked for; null for their own.</param>
internal sealed class GatewayPorts(int? port)
{
    private readonly ConcurrentDictionary<ServicePortName, int> _wanted = new();

    /// <summary>For the node, which looks whenever a Service comes.</summary>
    internal IReadOnlyDictionary<ServicePortName, int> Wanted => _wanted;

    /// <summary>Notes the gateways of a file.</summary>
    internal void Note(LocalManifest manifest)
    {
        foreach (var (ns, app, own) in manifest.Gateways)
            _wanted[new(ns, Names.Child(app, Names.Gateway), own)] = port ?? own;
    }
}
