namespace Fleet.Local.Processes;

/// <summary>What a process gets of the environment of this machine: what programs need to run at all, and nothing that could be a secret.</summary>
internal static class HostEnvironment
{
    private static readonly string[] Kept =
    [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "JAVA_HOME", "GOROOT", "NODE_PATH", "VIRTUAL_ENV",
    ];

    /// <summary>A copy to add to.</summary>
    public static Dictionary<string, string> Copy()
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Kept)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                result[name] = value;
        }

        return result;
    }

    /// <summary>The <c>dotnet</c> that runs this very process, or the one that PATH finds.</summary>
    public static string DotNet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>Whether there is such a program, for somebody who starts it in this folder with this PATH.</summary>
    public static bool Has(string command, string folder, string? path) => command.Contains('/', StringComparison.Ordinal)
        ? File.Exists(Path.Combine(folder, command))
        : (path ?? "/usr/bin:/bin").Split(':').Any(p => p.Length > 0 && File.Exists(Path.Combine(p, command)));
}
