using Fleet.Testing;

namespace Fleet.ServiceTests;

/// <summary>The scripts of tests/Backends: servers and clients that this project did not write, from Debian's packages and npm.</summary>
public static class BackendScripts
{
    private static readonly Lazy<Task> Installed = new(async () =>
        (await Command.RunAsync(Script("install"), [], timeout: TimeSpan.FromMinutes(15))).Succeeded());

    /// <summary>The script that runs what is in the cache.</summary>
    public static string Run => Script("run");

    /// <summary>Gets what is not in the cache yet: a minute or two, the first time on a machine.</summary>
    public static Task InstallAsync() => Installed.Value;

    /// <summary>Runs a script with Node.js, which sees the npm packages.</summary>
    /// <param name="script">The script's path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Task<CommandResult> NodeAsync(string script, params string[] arguments) => ClientAsync("node", script, arguments);

    /// <summary>Runs a script with Python, which sees grpcio.</summary>
    /// <param name="script">The script's path.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Task<CommandResult> PythonAsync(string script, params string[] arguments) => ClientAsync("python", script, arguments);

    private static async Task<CommandResult> ClientAsync(string language, string script, string[] arguments)
    {
        await InstallAsync();
        return await Command.RunAsync(Run, [language, script, .. arguments], timeout: TimeSpan.FromMinutes(2));
    }

    private static string Script(string name) => RepositoryRoot.Combine("tests", "Backends", name);
}
