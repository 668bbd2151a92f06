namespace Fleet.Testing;

/// <summary>Where the binaries are that the scripts under tests/ControlPlane put into their cache.</summary>
internal static class ClusterTools
{
    private static readonly string Cache = Environment.GetEnvironmentVariable("FLEET_TEST_CACHE") ?? Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "fleet-test");

    /// <summary>The binaries of any newer Kubernetes to test on, by the convention of envtest; null means the oldest that is tested.</summary>
    public static string? Assets { get; } = Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } folder ? folder : null;

    /// <summary>The kubectl to test with: a current one where it could be had, else the one next to the API server.</summary>
    public static string Kubectl => Existing("kubectl") ?? throw new FileNotFoundException("no kubectl: run tests/ControlPlane/install");

    /// <summary>A current helm, or null where it could not be had.</summary>
    public static string? Helm => Existing("helm");

    /// <summary>libfaketime, or null where it could not be had.</summary>
    public static string? FakeTime => Path.Combine(Cache, "faketime", "libfaketimeMT.so.1") is var library && File.Exists(library) ? library : null;

    /// <summary>One of the scripts.</summary>
    public static string Script(string name) => RepositoryRoot.Combine("tests", "ControlPlane", name);

    private static string? Existing(string name) =>
        new[] { Path.Combine(Cache, "bin-current"), Assets, Path.Combine(Cache, "kubernetes-1.20.2", "bin") }
            .OfType<string>()
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
