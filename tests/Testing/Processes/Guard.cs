using System.Diagnostics;

namespace Fleet.Testing;

/// <summary>
/// Ends what this process started even when this process is killed: a script outside of its process tree is told what there is to end,
/// and acts when the pipe to it closes, which the kernel sees to.
/// </summary>
internal static class Guard
{
    private static readonly Lock Gate = new();
    private static readonly Lazy<StreamWriter> Pipe = new(Start);

    /// <summary>Has this process killed at the end.</summary>
    public static void Process(int id) => Tell($"process {id}");

    /// <summary>Has the control plane of this folder ended, and the folder removed.</summary>
    public static void ControlPlane(string directory) => Tell($"control-plane {directory}");

    /// <summary>Has the cluster of nodes of this folder ended, and the folder removed.</summary>
    public static void Nodes(string directory) => Tell($"nodes {directory}");

    private static void Tell(string line)
    {
        lock (Gate)
            Pipe.Value.WriteLine(line);
    }

    private static StreamWriter Start()
    {
        var script = new ProcessStartInfo(RepositoryRoot.Combine("tests", "ControlPlane", "guard")) { UseShellExecute = false, RedirectStandardInput = true };
        var pipe = System.Diagnostics.Process.Start(script)!.StandardInput;
        pipe.AutoFlush = true;
        return pipe;
    }
}
