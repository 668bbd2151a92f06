using System.Globalization;

namespace Fleet.Cli;

/// <summary>The folder of a local cluster's state: its kubeconfig, logs and volumes, and who runs it.</summary>
/// <param name="Path">Where it is.</param>
internal sealed record StateFolder(string Path)
{
    /// <summary>Where it is when nobody says: below XDG_STATE_HOME, which is usually ~/.local/state. Rule: XDG Base Directory Specification.</summary>
    internal static string Usual => System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "fleet");

    /// <summary>The operator's and the API server's log.</summary>
    internal string Log => File("fleet.log");

    /// <summary>What a detached fleet prints.</summary>
    internal string Output => File("up.out");

    /// <summary>What a detached fleet tells on its way.</summary>
    internal string Told => File("up.err");

    /// <summary>The kubeconfig, there while the cluster runs.</summary>
    internal string Kubeconfig => File("kubeconfig");

    private string LockFile => File("lock");

    private string PidFile => File("pid");

    private string ReadyFile => File("ready");

    /// <summary>The process that runs the cluster; null when none does.</summary>
    internal int? Runner()
    {
        if (!System.IO.File.Exists(LockFile))
            return null;
        try
        {
            using var free = Lock();
            return null;
        }
        catch (IOException)
        {
            return ReadPid();
        }
    }

    /// <summary>Takes the folder, until disposed.</summary>
    /// <exception cref="CommandException">Another process has it.</exception>
    internal IDisposable Take()
    {
        Directory.CreateDirectory(Path);
        try
        {
            var taken = Lock();
            System.IO.File.Delete(ReadyFile);
            System.IO.File.WriteAllText(PidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return taken;
        }
        catch (IOException e)
        {
            throw Taken(e);
        }
    }

    /// <summary>What is said when another process has it.</summary>
    internal CommandException Taken(Exception? e = null) =>
        new(ExitCodes.No, $"a fleet is up already (process {ReadPid()}): end it with `{Program.Name} down`, or give this one a folder of its own with --state", e);

    /// <summary>Says that all is up, and told.</summary>
    internal void SayReady() => System.IO.File.WriteAllText(ReadyFile, "");

    /// <summary>Whether all was up once.</summary>
    internal bool IsReady => System.IO.File.Exists(ReadyFile);

    // The lock goes with the process, however that ends.
    private FileStream Lock() => new(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private int? ReadPid() =>
        System.IO.File.Exists(PidFile) && int.TryParse(System.IO.File.ReadAllText(PidFile), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
