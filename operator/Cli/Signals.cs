using System.Runtime.InteropServices;

namespace Fleet.Cli;

/// <summary>SIGINT and SIGTERM as a cancellation. A second Ctrl-C ends the process at once, as without us.</summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    internal Signals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    internal CancellationToken Stop => _stop.Token;

    /// <summary>How a process that was ended by the first signal ends, as shells count it: 128 and the signal's number.</summary>
    internal int ExitCode { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        // SIGTERM often comes twice: timeout(1) and many a supervisor signal the process and then its group. A lease is to be released all the same.
        signal.Cancel = signal.Signal == PosixSignal.SIGTERM || !_stop.IsCancellationRequested;
        if (_stop.IsCancellationRequested)
            return;
        ExitCode = signal.Signal == PosixSignal.SIGTERM ? ExitCodes.Terminated : ExitCodes.Interrupted;
        _stop.Cancel();
    }
}
