namespace Fleet.Local.Processes;

/// <summary>Where everything of a node is kept.</summary>
internal sealed class NodeFolders(string directory)
{
    /// <summary>The state folder itself.</summary>
    public string Root { get; } = Path.GetFullPath(directory);

    /// <summary>Copies of programs.</summary>
    public string Programs => Path.Combine(Root, "programs");

    /// <summary>A folder per pod.</summary>
    public string Pods => Path.Combine(Root, "pods");

    /// <summary>A folder of logs per pod.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>What a pod has of its own: its volumes.</summary>
    public string Pod(LocalPod pod) => Path.Combine(Pods, NameOf(pod));

    /// <summary>The log of one run.</summary>
    public string Log(LocalPod pod, string container, int run) => Path.Combine(Logs, NameOf(pod), container, $"{run}.log");

    /// <summary>The logs of a pod.</summary>
    public string LogsOf(LocalPod pod) => Path.Combine(Logs, NameOf(pod));

    /// <summary>What a claim holds: it outlives pods, and the node.</summary>
    public string Claim(string ns, string name) => Path.Combine(Root, "claims", $"{ns}_{name}");

    /// <summary>Takes the folder for one node; disposing gives it back, and so does the end of the process.</summary>
    /// <exception cref="IOException">Another node has it.</exception>
    public FileStream Lock()
    {
        Directory.CreateDirectory(Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            return new FileStream(Path.Combine(Root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"{Root} is in use by another node", e);
        }
    }

    /// <summary>Removes what is left of pods of an earlier node; claims stay.</summary>
    public void RemovePods()
    {
        foreach (var folder in new[] { Pods, Logs }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Removes what a pod had.</summary>
    public void Remove(LocalPod pod)
    {
        foreach (var folder in new[] { Pod(pod), LogsOf(pod) }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    private static string NameOf(LocalPod pod) => $"{pod.Metadata.Namespace}_{pod.Metadata.Name}_{pod.Uid}";
}
