namespace Fleet.Cli;

/// <summary>What the program's end says; each command's <c>--help</c> says which it uses and when.</summary>
internal static class ExitCodes
{
    /// <summary>Done, and the answer is yes.</summary>
    internal const int Ok = 0;

    /// <summary>The answer is no: refused, different, not there, not in time.</summary>
    internal const int No = 1;

    /// <summary>It could not be asked: the command line, a file or the kubeconfig is wrong.</summary>
    internal const int Usage = 2;

    /// <summary>The API server is not reached, or refuses.</summary>
    internal const int Cluster = 3;

    /// <summary>A defect of this program (EX_SOFTWARE of sysexits.h).</summary>
    internal const int Defect = 70;

    /// <summary>Stopped by Ctrl-C (SIGINT).</summary>
    internal const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM.</summary>
    internal const int Terminated = 143;
}
