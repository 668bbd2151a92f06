using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fleet.Cli;

/// <summary>Builds the bundled programs of a checkout, when a source file changed since the last time.</summary>
/// <param name="root">The checkout.</param>
internal sealed class ServiceBuild(string root)
{
    private const string Solution = "services/Services.slnf";
    private const string Arrow = " -> ";

    // Set by the launcher when it has just built them along with this program.
    private const string BuiltVariable = "FLEET_SERVICES_BUILT";

    private static readonly string[] Left = ["bin", "obj"];

    private string Stamp => Path.Combine(root, "services", "Gateway", "bin", "Release", ".built");

    /// <summary>Builds what has to be built.</summary>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="CommandException">The build failed; the message has its words.</exception>
    internal async Task RunAsync(Action<string> progress, CancellationToken stop)
    {
        var sources = Sources(); // before the build: what is changed meanwhile is built the next time
        if (File.Exists(Stamp) && await File.ReadAllTextAsync(Stamp, stop) == sources)
            return;
        if (Environment.GetEnvironmentVariable(BuiltVariable) != "1")
        {
            progress("building the services, once after every change");
            if (await BuildAsync(progress, stop) is { } failure)
                throw new CommandException(ExitCodes.No, $"the services were not built:\n{failure}");
        }

        await File.WriteAllTextAsync(Stamp, sources, stop);
    }

    private async Task<string?> BuildAsync(Action<string> progress, CancellationToken stop)
    {
        string[] arguments =
        [
            "build", Path.Combine(root, Solution), "--configuration", "Release", "--nologo", "--verbosity", "minimal", "-tl:off", "-nodeReuse:false",
            "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false",
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        process.StandardInput.Close();
        var problems = new List<string>();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { } text)
                return;
            if (text.Contains(": error ", StringComparison.Ordinal))
                problems.Add(text.Trim());
            else if (text.IndexOf(Arrow, StringComparison.Ordinal) is var at and > 0)
                progress($"built {text[..at].Trim()}");
        };
        process.BeginOutputReadLine();
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0 ? null : $"{string.Join('\n', problems.Distinct(StringComparer.Ordinal))}\n{await error}".Trim();
    }

    // Every file with its time and size, as `fleet` itself does for the command line.
    private string Sources()
    {
        var text = new StringBuilder();
        var files = Directory.EnumerateFiles(Path.Combine(root, "services"), "*", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar).Any(Left.Contains))
            .Concat(Directory.EnumerateFiles(root, "Directory.*"))
            .Order(StringComparer.Ordinal);
        foreach (var file in files.Select(f => new FileInfo(f)))
            text.Append(CultureInfo.InvariantCulture, $"{file.FullName} {file.LastWriteTimeUtc.Ticks} {file.Length}\n");
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
