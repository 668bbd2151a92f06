using System.Diagnostics;
using System.Globalization;

namespace Fleet.Cli;

/// <summary>A fleet in the background: a process of its own, which writes into the state folder what it would show.</summary>
internal static class DetachedFleet
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts one and returns once all is up.</summary>
    internal static async Task<int> StartAsync(Call call, StateFolder state, IReadOnlyList<string> files, int port, CancellationToken stop)
    {
        if (state.Runner() is not null)
            throw state.Taken();
        if (files.Contains("-"))
            throw CommandException.Usage("--detach cannot read standard input: write it into a file");
        Directory.CreateDirectory(state.Path);
        foreach (var file in (string[])[state.Output, state.Told])
            await File.WriteAllTextAsync(file, "", stop);
        using var process = Start(state, files, port);
        using var told = Open(state.Told);
        while (!state.IsReady || state.Runner() != process.Id)
        {
            await PassOnAsync(told, call.Error, stop);
            if (process.HasExited)
            {
                await PassOnAsync(told, call.Error, stop);
                return process.ExitCode is 0 ? ExitCodes.No : process.ExitCode;
            }

            await Task.Delay(Look, call.Time, stop);
        }

        await PassOnAsync(told, call.Error, stop);
        using var output = Open(state.Output);
        await PassOnAsync(output, call.Out, stop);
        await call.Error.WriteLineAsync($"{Program.Name}: up, as process {process.Id}; end it with `{Program.Name} down`");
        return ExitCodes.Ok;
    }

    // A session of its own, so that a Ctrl-C meant for the shell's next command does not reach it.
    private static Process Start(StateFolder state, IReadOnlyList<string> files, int port)
    {
        string[] command =
        [
            Environment.ProcessPath!, .. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(DetachedFleet).Assembly.Location] : Array.Empty<string>(),
            "up", "--state", state.Path, "--port", port.ToString(CultureInfo.InvariantCulture), .. files.SelectMany(f => (string[])["-f", Path.GetFullPath(f)]),
        ];
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", "out=$1; told=$2; shift 2; exec \"$@\" >\"$out\" 2>\"$told\" </dev/null", "fleet", state.Output, state.Told, .. OperatingSystem.IsLinux() ? ["setsid"] : Array.Empty<string>(), .. command])
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("sh did not start");
    }

    private static StreamReader Open(string file) => new(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));

    private static async Task PassOnAsync(StreamReader from, TextWriter to, CancellationToken stop)
    {
        await to.WriteAsync((await from.ReadToEndAsync(stop)).AsMemory(), stop);
        await to.FlushAsync(stop);
    }
}
