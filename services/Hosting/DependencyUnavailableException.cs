namespace Fleet.Hosting;

/// <summary>Something that the service needs does not answer; the caller may try again. REST answers 503 and says which it was.</summary>
/// <param name="dependency">What was asked: <c>store</c>, <c>users</c>.</param>
/// <param name="message">What happened, in words that a caller may read: no addresses, no credentials.</param>
/// <param name="cause">What was thrown, for the log.</param>
public sealed class DependencyUnavailableException(string dependency, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What was asked.</summary>
    public string Dependency { get; } = dependency;
}
