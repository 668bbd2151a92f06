using System.CommandLine;

namespace Fleet.Cli;

/// <summary><c>-f</c>, and what comes of it.</summary>
internal static class ManifestOptions
{
    internal static readonly Option<string[]> Files = new("--filename", "-f")
    {
        Description = "A file with MicroserviceApps, as YAML (one or more documents) or JSON; '-' is standard input. May be given several times", HelpName = "FILE", Required = true,
    };

    /// <summary>Reads the files; notes and problems are told.</summary>
    /// <param name="call">The run.</param>
    /// <param name="ns">The namespace that the command names; null when it names none.</param>
    /// <param name="usual">The namespace when neither the command nor a manifest names one.</param>
    /// <param name="stop">Cancels.</param>
    /// <returns>The apps; null when one of them would be refused.</returns>
    internal static async Task<Manifests?> ReadAsync(Call call, string? ns, string usual, CancellationToken stop)
    {
        var files = await ManifestSource.ReadAsync(call.Get(Files)!, stop);
        var manifests = Manifests.Read(files, ns, usual, PlanningOptions.Settings(call));
        foreach (var line in manifests.Notes.Concat(manifests.Problems))
            await call.Error.WriteLineAsync(line);
        return manifests.Problems.IsEmpty ? manifests : null;
    }
}
