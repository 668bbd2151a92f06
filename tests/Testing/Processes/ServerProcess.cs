using System.Diagnostics;

namespace Fleet.Testing;

/// <summary>A server of some test, as a process of its own. It is killed when disposed, and when this process ends in whatever way.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process) => _process = process;

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit code of a process that has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts one and returns without waiting for it.</summary>
    /// <param name="file">The program: a path, or a name in PATH.</param>
    /// <param name="arguments">Its arguments, one by one.</param>
    /// <param name="environment">Variables to set, or to take away where the value is null.</param>
    /// <param name="onLine">Gets every line it writes, to its standard output or error.</param>
    public static ServerProcess Start(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, Action<string> onLine)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Tell(line.Data);
        process.ErrorDataReceived += (_, line) => Tell(line.Data);
        process.Start();
        Guard.Process(process.Id);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(process);

        void Tell(string? line)
        {
            if (line is not null)
                onLine(line);
        }
    }

    /// <summary>Ends it as a crash would (SIGKILL); returns when it is gone.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return WaitForExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM), as Kubernetes does; returns the exit code.</summary>
    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    public async Task<int> TerminateAsync(TimeSpan? timeout = null)
    {
        await SignalAsync("TERM");
        await WaitForExitAsync(timeout);
        return ExitCode;
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="signal">The signal's name without SIG: TERM, STOP, CONT.</param>
    public async Task SignalAsync(string signal)
    {
        (await Command.RunAsync("/bin/sh", ["-c", "kill -s \"$0\" \"$1\"", signal, $"{Id}"])).Succeeded();
        if (signal == "STOP")
            await Eventually.True(() => Directory.EnumerateDirectories($"/proc/{Id}/task").All(IsStopped)); // a thread may still answer until it comes to it
    }

    // proc(5): the state stands after the name, which is in parentheses and may hold anything.
    private static bool IsStopped(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] == 'T';
        }
        catch (IOException)
        {
            return false; // it has just ended
        }
    }

    /// <summary>Returns when it has ended and all it wrote was told.</summary>
    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    public async Task WaitForExitAsync(TimeSpan? timeout = null) => await _process.WaitForExitAsync().WaitAsync(timeout ?? Eventually.Patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }
}
