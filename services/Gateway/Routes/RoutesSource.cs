namespace Fleet.Gateway;

/// <summary>Where routes come from.</summary>
internal enum RoutesSource
{
    /// <summary>The mounted file.</summary>
    File,

    /// <summary>The ConfigMap itself, as the API server tells it.</summary>
    Watch,

    /// <summary>The proxy, when it could not take what was read.</summary>
    Proxy,
}
