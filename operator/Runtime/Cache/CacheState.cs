using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>What a cache knows of its kind.</summary>
public enum CacheState
{
    /// <summary>Nothing yet: the first list is under way.</summary>
    Starting,

    /// <summary>It holds what the server holds, a moment behind.</summary>
    Synced,

    /// <summary>The server does not serve the kind; the cache is empty.</summary>
    NotServed,

    /// <summary>The operator may not list or watch the kind; the cache holds what was last seen, perhaps nothing.</summary>
    Denied,
}

/// <summary>The side of a cache that does not depend on what it holds: for readiness, metrics and messages.</summary>
public interface IObjectCache
{
    /// <summary>The kind it holds.</summary>
    Resource Resource { get; }

    /// <summary>What it knows.</summary>
    CacheState State { get; }

    /// <summary>When <see cref="CacheState.Denied"/>: the server's message, naming verb and resource.</summary>
    string? Denial { get; }

    /// <summary>Completes when the state first leaves <see cref="CacheState.Starting"/>; it never fails.</summary>
    Task Settled { get; }

    /// <summary>How many objects readers see.</summary>
    int Count { get; }
}

/// <summary>A way to find objects other than by name, kept up to date as they change.</summary>
/// <param name="Name">How <see cref="ObjectCache{T}.By"/> calls it.</param>
/// <param name="Keys">Under which keys an object is found; a pure function.</param>
public sealed record CacheIndex<T>(string Name, Func<T, IEnumerable<string>> Keys)
    where T : class;
