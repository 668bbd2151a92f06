using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace Fleet.Gateway;

/// <summary>One whole set of routes and settings.</summary>
internal sealed class RoutesSnapshot(RoutesDocument document, int version) : IProxyConfig, IDisposable
{
    private readonly CancellationTokenSource _replaced = new();

    public RoutesDocument Document => document;

    /// <summary>0: nothing was loaded yet.</summary>
    public int Version => version;

    public string RevisionId => version.ToString();
    public IReadOnlyList<RouteConfig> Routes => document.Routes;
    public IReadOnlyList<ClusterConfig> Clusters => document.Clusters;
    public IChangeToken ChangeToken => new CancellationChangeToken(_replaced.Token);

    /// <summary>There is a newer one; whoever uses this one may go on.</summary>
    public void Replaced() => _replaced.Cancel();

    public void Dispose() => _replaced.Dispose();
}
