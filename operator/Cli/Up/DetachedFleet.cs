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
        await File.WriteAllTextAsync(state.Output, "", stop);
        using var process = Start(state, files, port);
        var shown = 0;
        while (!state.IsReady || state.Runner() != process.Id)
        {
            shown = await PassOnAsync(call.Error, state, shown, stop);
            if (process.HasExited)
            {
                await PassOnAsync(call.Error, state, shown, stop);
                return process.ExitCode is 0 ? ExitCodes.No : process.ExitCode;
            }

            await Task.Delay(Look, call.Time, stop);
        }

        await PassOnAsync(call.Out, state, shown, stop);
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
        foreach (var argument in (string[])["-c", "out=$1; shift; exec \"$@\" >\"$out\" 2>&1 </dev/null", "fleet", state.Output, .. OperatingSystem.IsLinux() ? ["setsid"] : Array.Empty<string>(), .. command])
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("sh did not start");
    }

    private static async Task<int> PassOnAsync(TextWriter to, StateFolder state, int shown, CancellationToken stop)
    {
        using var file = new StreamReader(new FileStream(state.Output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = await file.ReadToEndAsync(stop);
        await to.WriteAsync(text.AsMemory(shown), stop);
        await to.FlushAsync(stop);
        return text.Length;
    }
}
