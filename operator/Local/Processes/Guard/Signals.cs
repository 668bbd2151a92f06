using System.Runtime.InteropServices;

namespace Fleet.Local.Processes;

/// <summary>Signals to processes and to groups of them.</summary>
internal static partial class Signals
{
    /// <summary>SIGTERM: asks to end.</summary>
    public const int Terminate = 15;

    /// <summary>SIGKILL: ends.</summary>
    public const int Kill = 9;

    /// <summary>Sends a signal to a process, or to the group whose number is negated; false when there is none, or it is not ours.</summary>
    public static bool Send(int target, int signal) => kill(target, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, SA1300 // the name is libc's
    private static partial int kill(int pid, int signal);
#pragma warning restore IDE1006, SA1300
}
