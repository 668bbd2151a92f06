using Yarp.ReverseProxy.Configuration;

namespace Fleet.Gateway;

/// <summary>The routes that are served: one immutable set, swapped whole.</summary>
internal sealed class CurrentRoutes : IProxyConfigProvider, IDisposable
{
    private volatile RoutesSnapshot _snapshot = new(RoutesDocument.Empty, 0);

    public RoutesSnapshot Snapshot => _snapshot;

    /// <summary>The settings beside the routes.</summary>
    public RoutesDocument Document => _snapshot.Document;

    public IProxyConfig GetConfig() => _snapshot;

    /// <summary>First the value, then the signal: who is told sees the new one.</summary>
    public void Swap(RoutesDocument document)
    {
        var before = _snapshot;
        _snapshot = new RoutesSnapshot(document, before.Version + 1);
        before.Replaced();
    }

    public void Dispose() => _snapshot.Dispose();
}
