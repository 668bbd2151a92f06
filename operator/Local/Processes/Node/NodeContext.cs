using Fleet.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>What every pod of a node uses.</summary>
internal sealed record NodeContext
{
    public required ApiClient Api { get; init; }

    public required NodeOptions Options { get; init; }

    public required NodeFolders Folders { get; init; }

    public required Guard Guard { get; init; }

    public required ServiceProxies Proxies { get; init; }

    public required EndpointBook Endpoints { get; init; }

    public required ProgramCopies Programs { get; init; }

    public required NodeEvents Events { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Reads ConfigMaps and Secrets: when they are needed, so that no Secret's value stays in memory.</summary>
    public async Task<ConfigLookup> ReadAsync(string ns, IEnumerable<ConfigSource> sources, CancellationToken stop)
    {
        var found = new Dictionary<ConfigSource, IReadOnlyDictionary<string, byte[]>>();
        foreach (var source in sources.Distinct())
        {
            if (source.Name.Length > 0 && await Api.FindAsync(Kinds.ConfigData(source.Resource), ns, source.Name, stop) is { } data)
                found[source] = source.Read(data);
        }

        return source => found.GetValueOrDefault(source);
    }
}
