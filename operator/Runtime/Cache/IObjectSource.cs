using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>Where a watcher lists and watches: an API server, or a test's script.</summary>
internal interface IObjectSource<T>
    where T : class, IKubeObject
{
    Resource Resource { get; }

    IAsyncEnumerable<ListPage<T>> ListAsync(CancellationToken stop);

    IAsyncEnumerable<WatchEvent<T>> WatchAsync(string resourceVersion, TimeSpan? length, CancellationToken stop);
}

/// <summary>The objects of one kind and scope at an API server.</summary>
internal sealed class ApiObjectSource<T>(ApiClient api, ResourceKind<T> kind, ListScope scope) : IObjectSource<T>
    where T : class, IKubeObject
{
    public Resource Resource => kind.Resource;

    public IAsyncEnumerable<ListPage<T>> ListAsync(CancellationToken stop) => api.ListAsync(kind, scope, stop);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync(string resourceVersion, TimeSpan? length, CancellationToken stop) =>
        api.WatchAsync(kind, scope, resourceVersion, stop, length);
}
