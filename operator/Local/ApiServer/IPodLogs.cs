namespace Fleet.Local.ApiServer;

/// <summary>Who has the logs of pods: the node. The API server only passes them on.</summary>
public interface IPodLogs
{
    /// <summary>Opens what a container wrote.</summary>
    /// <param name="ns">The pod's namespace.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="query">What is asked for.</param>
    /// <param name="stop">Ends a stream that follows.</param>
    /// <returns>The text; null when the container has not written or does not exist.</returns>
    Task<Stream?> OpenAsync(string ns, string pod, LogQuery query, CancellationToken stop);
}

/// <summary>What <c>kubectl logs</c> asks for.</summary>
/// <param name="Container">The container; null for the only one.</param>
/// <param name="Follow">Whether the stream goes on while the container writes.</param>
/// <param name="Previous">The run before the last restart.</param>
/// <param name="TailLines">No more than so many lines from the end; null for all.</param>
/// <param name="SinceSeconds">Only what was written in the last so many seconds.</param>
/// <param name="Timestamps">Whether every line begins with its time.</param>
/// <param name="LimitBytes">No more than so many bytes.</param>
public sealed record LogQuery(
    string? Container = null, bool Follow = false, bool Previous = false, int? TailLines = null, int? SinceSeconds = null, bool Timestamps = false, long? LimitBytes = null);
