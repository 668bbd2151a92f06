namespace Fleet.Local.Processes;

/// <summary>
/// A process with all that it starts, in a session and process group of its own. Where there is no <c>setsid</c> (macOS) it is the process alone.
/// </summary>
internal static class ProcessGroup
{
    private static readonly string? Setsid =
        OperatingSystem.IsLinux() ? new[] { "/usr/bin/setsid", "/bin/setsid" }.FirstOrDefault(File.Exists) : null;

    /// <summary>A command in a session of its own. Started by .NET, setsid need not fork: the process number stays.</summary>
    public static IReadOnlyList<string> InSession(IReadOnlyList<string> words) => Setsid is null ? words : [Setsid, .. words];

    /// <summary>What signals for a process started by <see cref="InSession"/> are sent to.</summary>
    public static int TargetOf(int process) => Setsid is null ? process : -process;
}
