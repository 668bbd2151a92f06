using Fleet.Testing;

namespace Fleet.Benchmarks.Measuring;

/// <summary>Our programs as images hold them: compiled ahead for this platform, the operator in one piece with the framework, the services with the framework apart.</summary>
internal static class Published
{
    private static readonly Dictionary<string, string> Known = [];

    /// <summary>Publishes a program, once in a process.</summary>
    /// <param name="project">Its folder: <c>operator/Cli</c>.</param>
    /// <param name="file">The name of its main file: <c>fleet</c>, <c>Fleet.Users.dll</c>.</param>
    /// <returns>The path of that file.</returns>
    public static async Task<string> ProgramAsync(string project, string file, BenchmarkRun run)
    {
        if (Known.TryGetValue(project, out var known))
            return known;
        run.Tell($"  publishing {project}");
        var folder = RepositoryRoot.Combine("tests", "Benchmarks", "bin", "published", project.Replace('/', '-'));
        string[] platform = ["--runtime", System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier.Contains("arm64", StringComparison.Ordinal) ? "linux-arm64" : "linux-x64"];
        (await Command.RunAsync(
            OperatorProcess.DotNet,
            ["publish", RepositoryRoot.Combine(project), "--configuration", "Release", .. platform, "--output", folder, "--nologo", "-p:PublishReadyToRun=true", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false", "-nodeReuse:false"],
            timeout: TimeSpan.FromMinutes(10))).Succeeded();
        return Known[project] = Path.Combine(folder, file);
    }
}
