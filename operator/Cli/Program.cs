namespace Fleet.Cli;

/// <summary>The program <c>fleet</c>, which as <c>kubectl-fleet</c> is a plugin of kubectl.</summary>
internal static class Program
{
    /// <summary>Its usual name.</summary>
    internal const string Usual = "fleet";

    /// <summary>How it was called: <c>fleet</c>, or <c>kubectl fleet</c>.</summary>
    internal static string Name => Path.GetFileName(CalledAs()).StartsWith("kubectl-", StringComparison.Ordinal) ? $"kubectl {Usual}" : Usual;

    private static Task<int> Main(string[] args) =>
        Path.GetFileNameWithoutExtension(CalledAs()) == KubectlCompletion.Name ? Task.FromResult(KubectlCompletion.Run(args, Console.Out)) : Root.RunAsync(args);

    // Plugins are often symbolic links: only the command line has the link's name, the process's own path is its target.
    private static string CalledAs() => OperatingSystem.IsLinux() ? File.ReadAllText("/proc/self/cmdline").Split('\0')[0] : Environment.ProcessPath ?? Usual;
}
