namespace Fleet.Testing;

/// <summary>The real helm, where it could be had.</summary>
/// <param name="kubeconfig">Whose permissions it has.</param>
/// <param name="ns">The namespace of its releases.</param>
public sealed class Helm(string kubeconfig, string ns)
{
    /// <summary>Whether there is one on this machine: tests/ControlPlane/tools gets it.</summary>
    public static bool IsThere => ClusterTools.Helm is not null;

    /// <summary>Runs it and returns what it wrote.</summary>
    /// <param name="home">A folder that it may fill with what it remembers.</param>
    /// <param name="arguments">One by one, the command first.</param>
    /// <exception cref="CommandFailedException">It failed; the message has what it wrote.</exception>
    public async Task<string> RunAsync(string home, params string[] arguments) => (await TryAsync(home, arguments)).Succeeded().Out;

    /// <summary>Runs it and returns how it ended.</summary>
    /// <param name="home">A folder that it may fill with what it remembers.</param>
    /// <param name="arguments">One by one, the command first.</param>
    public Task<CommandResult> TryAsync(string home, params string[] arguments)
    {
        var environment = new Dictionary<string, string?>
        {
            ["HELM_CACHE_HOME"] = Path.Combine(home, "cache"), ["HELM_CONFIG_HOME"] = Path.Combine(home, "config"), ["HELM_DATA_HOME"] = Path.Combine(home, "data"),
        };
        var all = (string[])["--kubeconfig", kubeconfig, "--namespace", ns, .. arguments];
        return Command.RunAsync(ClusterTools.Helm!, all, environment: environment, timeout: TimeSpan.FromMinutes(2));
    }
}
