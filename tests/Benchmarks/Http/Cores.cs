using Fleet.Testing;

namespace Fleet.Benchmarks.Http;

/// <summary>
/// Who runs where. The server under test has the first processor for itself, its competitors the very same one, each while the others are idle. The load and what stands behind a
/// proxy share the second; where there are more, what stands behind has the third. So whatever a server saves is a request more, and nothing of the load is counted as the server's.
/// </summary>
internal static class Cores
{
    /// <summary>The processor of the server under test.</summary>
    public const int Server = 0;

    /// <summary>The processor of the load.</summary>
    public static int Load => Math.Min(1, Environment.ProcessorCount - 1);

    /// <summary>The processor of what stands behind a proxy.</summary>
    public static int Backend => Math.Min(2, Environment.ProcessorCount - 1);

    /// <summary>In words, for whoever reads the figures.</summary>
    public static string Describe() => $"the server under test on processor {Server}, the load on {Load}, what stands behind a proxy on {Backend}";

    /// <summary>Starts a program on one processor; .NET sees no other then.</summary>
    public static ServerProcess Start(int processor, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, Action<string> onLine) =>
        ServerProcess.Start("taskset", ["--cpu-list", $"{processor}", file, .. arguments], environment, onLine);
}
