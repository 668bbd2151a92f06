using System.Collections.Immutable;
using System.Diagnostics;

namespace Fleet.Local.Processes;

/// <summary>What is to be started.</summary>
internal sealed record ProcessPlan
{
    /// <summary>The command and its arguments.</summary>
    public required ImmutableArray<string> Words { get; init; }

    /// <summary>The whole environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Where it starts.</summary>
    public required string Folder { get; init; }

    /// <summary>The value of <see cref="ProcessMark.Variable"/>.</summary>
    public required string Mark { get; init; }
}

/// <summary>
/// A process of a container with all that it starts. It is held at a gate, a shell that waits for a line, until the guard knows its group; a node that dies
/// before it opens the gate has started nothing.
/// </summary>
internal sealed class ContainerProcess : IDisposable
{
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Guard _guard;
    private readonly int _target;
    private readonly string _mark;
    private readonly Task _output;

    private ContainerProcess(Process process, Guard guard, string mark, Func<Stream, Task> read)
    {
        (_process, _guard, _mark) = (process, guard, mark);
        _target = ProcessGroup.TargetOf(process.Id);
        guard.Watch(_target);
        _output = Task.WhenAll(read(process.StandardOutput.BaseStream), read(process.StandardError.BaseStream));
        Ended = EndAsync();
    }

    /// <summary>The process's number, which is its session's too.</summary>
    public int Id => _process.Id;

    /// <summary>The exit code, 128 and the signal when it was killed by one; when all of the group is gone and what it wrote was read.</summary>
    public Task<int> Ended { get; }

    /// <summary>Starts one.</summary>
    /// <param name="plan">What.</param>
    /// <param name="guard">Who ends it when we cannot.</param>
    /// <param name="read">Reads what it writes, until the end; called for the output and for the errors.</param>
    public static ContainerProcess Start(ProcessPlan plan, Guard guard, Func<Stream, Task> read)
    {
        // A shell drops variables whose names are none to it (Logging.Level): those are handed on by env.
        var odd = plan.Environment.Where(e => !IsShellName(e.Key)).ToList();
        ImmutableArray<string> words = odd.Count == 0 ? plan.Words : ["env", .. odd.Select(e => $"{e.Key}={e.Value}"), .. plan.Words];
        var all = ProcessGroup.InSession(["/bin/sh", "-c", "read -r go && exec \"$@\" </dev/null", "fleet-gate", .. words]);
        var start = new ProcessStartInfo(all[0], all.Skip(1))
        {
            UseShellExecute = false, WorkingDirectory = plan.Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in plan.Environment.Where(e => IsShellName(e.Key)))
            start.Environment[name] = value;
        start.Environment[ProcessMark.Variable] = plan.Mark;

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{words[0]} did not start");
        var started = new ContainerProcess(process, guard, plan.Mark, read);
        started.OpenGate();
        return started;
    }

    /// <summary>Sends a signal to all of it.</summary>
    public void Signal(int signal)
    {
        // The number of a process that was waited for may be another's.
        if (!_process.HasExited)
            Signals.Send(_target, signal);
    }

    /// <summary>Kills all of it.</summary>
    public void Kill() => Signal(Signals.Kill);

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private void OpenGate()
    {
        try
        {
            _process.StandardInput.Write("\n");
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It was killed at the gate; its exit code tells.
        }
    }

    private async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        // A container ends with its first process. The group keeps its number as long as one of it is left.
        if (_target < 0)
            Signals.Send(_target, Signals.Kill);
        ProcessMark.Kill($"{ProcessMark.Variable}={_mark}");
        _guard.Release(_target);
        await _output.WaitAsync(LastOutput).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _process.ExitCode;
    }

    private static bool IsShellName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
