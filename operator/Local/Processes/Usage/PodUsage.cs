namespace Fleet.Local.Processes;

/// <summary>What a pod uses, for people.</summary>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="Pod">The pod's name.</param>
/// <param name="Cpu">The share of processors in the last second or so: 1 is one processor busy all the time.</param>
/// <param name="Memory">Resident memory in bytes.</param>
/// <param name="Restarts">How often its containers were restarted.</param>
public sealed record PodUsage(string Namespace, string Pod, double Cpu, long Memory, int Restarts);
