using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>
/// Ends what the node started even when the node itself is killed: one small shell script, in a session of its own, that is told of every process group
/// and kills those left when the pipe to it closes. The kernel closes it with our end, whatever that is.
/// </summary>
internal sealed partial class Guard : IDisposable
{
    // Signals meant for the node, Ctrl-C among them, are not for the guard. What left its group is found by the mark in its environment.
    private const string Script =
        """
        trap '' INT TERM HUP QUIT PIPE
        targets=' '
        while read -r what target; do
          case $what in
            +) targets="$targets$target " ;;
            -) targets="${targets%% "$target" *} ${targets#* "$target" }" ;;
          esac
        done
        for target in $targets; do kill -s KILL -- "$target"; done
        for again in 1 2; do
          for found in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
            found=${found#/proc/} found=${found%/environ}
            kill -s KILL -- "$found"
          done
        done
        """;

    private const string Name = "fleet-guard";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _mark;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly HashSet<int> _targets = [];
    private Process _process;
    private bool _ended;

    /// <summary>Starts the guard.</summary>
    /// <param name="directory">The node's folder, by which its processes are marked.</param>
    /// <param name="logger">Hears when the guard had to be started again.</param>
    public Guard(string directory, ILogger logger)
    {
        (_mark, _logger) = (ProcessMark.OfNode(directory), logger);
        _process = Start();
    }

    /// <summary>The guard's own process.</summary>
    public int ProcessId
    {
        get
        {
            lock (_gate)
                return _process.Id;
        }
    }

    /// <summary>
    /// Waits for the guard of a node that was here before and has ended: it goes by the mark, and what it still looks for would be the next node's. One that does not
    /// end in time is killed; whoever asked then ends what is marked. Only Linux tells the words of processes.
    /// </summary>
    public static async Task EndEarlierAsync(string directory, TimeProvider time, CancellationToken stop)
    {
        for (var began = time.GetTimestamp(); ProcessMark.FindByWords($"{Name}\0{ProcessMark.OfNode(directory)}\0") is { Count: > 0 } left;)
        {
            if (time.GetElapsedTime(began) > Patience)
            {
                foreach (var guard in left)
                    Signals.Send(guard, Signals.Kill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, stop);
        }
    }

    /// <summary>Has a process, or the group whose number is negated, killed at the end. It is known to the guard when this returns.</summary>
    public void Watch(int target)
    {
        lock (_gate)
        {
            _targets.Add(target);
            Tell($"+ {target}");
        }
    }

    /// <summary>It has ended: its number may become another's.</summary>
    public void Release(int target)
    {
        lock (_gate)
        {
            if (_targets.Remove(target))
                Tell($"- {target}");
        }
    }

    /// <summary>Ends the guard, which kills what is left.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _process.StandardInput.Close();
        }

        _process.WaitForExit(Patience);
        _process.Dispose();
    }

    private void Tell(string line)
    {
        if (_ended)
            return;
        try
        {
            _process.StandardInput.WriteLine(line);
        }
        catch (IOException)
        {
            Again();
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var words = ProcessGroup.InSession(["/bin/sh", "-c", Script, Name, _mark]);
        start.FileName = words[0];
        foreach (var word in words.Skip(1))
            start.ArgumentList.Add(word);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => Ended(process);
        process.Start();
        process.StandardInput.AutoFlush = true;
        return process;
    }

    private void Ended(Process process)
    {
        lock (_gate)
        {
            if (!_ended && ReferenceEquals(process, _process))
                Again();
        }
    }

    // Somebody killed the guard: without one, our own end could leave processes behind.
    private void Again()
    {
        Log.StartedAgain(_logger);
        _process = Start();
        foreach (var target in _targets)
            _process.StandardInput.WriteLine($"+ {target}");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "the guard of the local processes was killed; it is started again")]
        public static partial void StartedAgain(ILogger logger);
    }
}
