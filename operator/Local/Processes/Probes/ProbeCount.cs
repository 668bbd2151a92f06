namespace Fleet.Local.Processes;

/// <summary>What single results of a probe amount to: it takes several in a row to change the outcome. Pure but for its own count.</summary>
/// <param name="probe">The probe, with its thresholds.</param>
/// <param name="outcome">What counts until then.</param>
internal sealed class ProbeCount(Probe probe, bool outcome)
{
    private int _inARow;
    private bool? _last;

    /// <summary>What counts now.</summary>
    public bool Outcome { get; private set; } = outcome;

    /// <summary>Takes in a result; true when it is so many in a row that it counts (again).</summary>
    public bool Take(bool success)
    {
        _inARow = _last == success ? _inARow + 1 : 1;
        _last = success;
        if (_inARow < (success ? probe.SuccessThreshold ?? 1 : probe.FailureThreshold ?? 3))
            return false;
        Outcome = success;
        return true;
    }
}
