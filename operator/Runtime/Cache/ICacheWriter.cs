using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>
/// The words with which the one writer of a cache, its <see cref="Watcher{T}"/>, tells it what the server holds. A list has its own
/// words, so that a reader sees the world before it or after it, never half of each.
/// </summary>
public interface ICacheWriter<in T>
    where T : class, IKubeObject
{
    /// <summary>A list is about to be asked for. One that was not finished is forgotten.</summary>
    void Init();

    /// <summary>The list holds this object. Readers do not see it yet.</summary>
    void InitApply(T obj);

    /// <summary>The list is complete: readers see it from now on, and what differs from before is announced.</summary>
    /// <param name="resourceVersion">The list's version.</param>
    void InitDone(string resourceVersion);

    /// <summary>The object was added or changed.</summary>
    void Apply(T obj);

    /// <summary>The object is gone.</summary>
    /// <param name="obj">Its last state, with the version of its deletion.</param>
    void Delete(T obj);

    /// <summary>The watch has shown everything up to this version.</summary>
    void Bookmark(string resourceVersion);

    /// <summary>The server does not serve the kind: there are no such objects.</summary>
    void NotServed();

    /// <summary>The operator may not read the kind. What was last seen stays: it may well be there still.</summary>
    /// <param name="denial">The server's message, naming verb and resource.</param>
    void Denied(string denial);
}
