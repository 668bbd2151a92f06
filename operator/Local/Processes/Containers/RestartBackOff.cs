namespace Fleet.Local.Processes;

/// <summary>How long a container waits before it is started again: as the kubelet has it, at once, then 10 s, doubled up to 5 minutes.</summary>
internal sealed class RestartBackOff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>A run that lasted so long was in order: what comes after it counts from the beginning.</summary>
    private static readonly TimeSpan InOrder = TimeSpan.FromMinutes(10);

    private TimeSpan _next = TimeSpan.Zero;

    /// <summary>The wait after a run that has ended.</summary>
    /// <param name="lasted">How long it ran.</param>
    public TimeSpan After(TimeSpan lasted)
    {
        if (lasted >= InOrder)
            _next = TimeSpan.Zero;
        var wait = _next;
        _next = wait == TimeSpan.Zero ? First : wait * 2 < Longest ? wait * 2 : Longest;
        return wait;
    }
}
