using Fleet.Testing;

namespace Fleet.Benchmarks.Http;

/// <summary>nginx, haproxy and h2load of Debian, unpacked by <c>tests/Benchmarks/install</c>.</summary>
internal sealed class DebianTools
{
    private const int Unavailable = 77;

    private readonly string _root;

    private DebianTools(string root)
    {
        _root = root;
        var libraries = Directory.GetDirectories(Path.Combine(root, "usr", "lib"), "*-linux-gnu");
        Environment = new Dictionary<string, string?> { ["LD_LIBRARY_PATH"] = string.Join(':', libraries) };
    }

    /// <summary>What they find their libraries by.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    /// <summary>The proxy and web server.</summary>
    public string Nginx => Path.Combine(_root, "usr", "sbin", "nginx");

    /// <summary>The proxy.</summary>
    public string HaProxy => Path.Combine(_root, "usr", "sbin", "haproxy");

    /// <summary>The load generator for HTTP/1.1 and HTTP/2.</summary>
    public string H2Load => Path.Combine(_root, "usr", "bin", "h2load");

    /// <summary>Gets them, once for a machine.</summary>
    /// <exception cref="UnavailableException">They cannot be had here.</exception>
    public static async Task<DebianTools> InstallAsync(CancellationToken stop)
    {
        var script = await Command.RunAsync(RepositoryRoot.Combine("tests", "Benchmarks", "install"), [], timeout: TimeSpan.FromMinutes(10), stop: stop);
        if (script.ExitCode == Unavailable)
            throw new UnavailableException($"nginx, haproxy and h2load are not to be had: {script.Error.Trim().Split('\n')[^1]}");
        return new(script.Succeeded().Out.Trim());
    }
}
