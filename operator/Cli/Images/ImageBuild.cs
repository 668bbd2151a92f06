using System.Diagnostics;
using System.Net;

namespace Fleet.Cli;

/// <summary>Where images go. The SDK makes and sends them itself; no container engine is needed.</summary>
internal abstract record ImageDestination
{
    /// <summary>Into a registry: its host, and the path before the image's name.</summary>
    /// <param name="Host">Host and port.</param>
    /// <param name="Path">With a slash at the end, or empty.</param>
    internal sealed record Registry(string Host, string Path) : ImageDestination
    {
        /// <summary>Splits <c>registry.example.com:5000/fleet</c>.</summary>
        internal static Registry Of(string name) =>
            name.IndexOf('/') is var slash and >= 0 ? new(name[..slash], $"{name[(slash + 1)..]}/") : new(name, "");

        /// <summary>Whether it is on this machine: spoken to without TLS, as container engines do.</summary>
        internal bool IsLocal => Host.Split(':')[0] is var name && (name == "localhost" || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address)));
    }

    /// <summary>Into a file for each, an OCI archive.</summary>
    /// <param name="Directory">The folder.</param>
    internal sealed record Archive(string Directory) : ImageDestination;
}

/// <summary>What <c>dotnet publish</c> is asked for one image. The rest is in Directory.Build.targets.</summary>
/// <param name="Project">The project file.</param>
/// <param name="Tag">The image's tag.</param>
/// <param name="BaseImage">What it is laid upon; null: the project's default.</param>
/// <param name="Destination">Where it goes.</param>
internal sealed record ImageBuild(string Project, string Tag, string? BaseImage, ImageDestination Destination)
{
    /// <summary>The arguments, one by one.</summary>
    internal IReadOnlyList<string> Arguments =>
    [
        "publish", Project, "--configuration", "Release", "--nologo", "--verbosity", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false",
        "-t:PublishContainer", $"-p:ImageTag={Tag}",
        .. BaseImage is null ? Array.Empty<string>() : [$"-p:ContainerBaseImage={BaseImage}"],
        .. Destination switch
        {
            ImageDestination.Registry registry => [$"-p:ContainerRegistry={registry.Host}", $"-p:ImageRepository={registry.Path}"],
            ImageDestination.Archive archive => [$"-p:ContainerArchiveOutputPath={archive.Directory}{Path.DirectorySeparatorChar}"],
            _ => Array.Empty<string>(),
        },
    ];

    /// <summary>Builds it.</summary>
    /// <returns>Null, or what went wrong, in the words of the build.</returns>
    internal async Task<string?> RunAsync(CancellationToken stop)
    {
        var start = new ProcessStartInfo("dotnet", Arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        string?[] local = [(Destination as ImageDestination.Registry) is { IsLocal: true, Host: var host } ? host : null, LocalHost(BaseImage)];
        if (local.OfType<string>().Distinct(StringComparer.Ordinal).ToArray() is { Length: > 0 } hosts)
            start.Environment["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = string.Join(',', hosts);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0 ? null : $"{await output}{await error}".Trim();
    }

    private static string? LocalHost(string? image) =>
        image is not null && image.Contains('/', StringComparison.Ordinal) && ImageDestination.Registry.Of(image) is { IsLocal: true, Host: var host } ? host : null;
}
