using System.CommandLine;
using System.Diagnostics;

namespace Fleet.Cli;

/// <summary><c>fleet down</c>: ends what <c>fleet up</c> runs.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static Command Create() => new FleetCommand("down", "Ends the fleet that `fleet up` runs, with all its processes.")
    {
        Examples = [("fleet down", "returns when nothing of it is left")],
        Ends = [(ExitCodes.Ok, "ended, or there was none"), (ExitCodes.No, "it did not end in a minute")],
        Options = { UpCommand.State },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var state = new StateFolder(Path.GetFullPath(call.Get(UpCommand.State)!));
        if (state.Runner() is not { } pid)
        {
            await call.Error.WriteLineAsync($"no fleet is up ({state.Path})");
            return ExitCodes.Ok;
        }

        using (var kill = Process.Start("kill", ["-TERM", $"{pid}"]))
            await kill.WaitForExitAsync(stop);
        using var limit = new CancellationTokenSource(Patience, call.Time);
        while (state.Runner() == pid)
        {
            if (limit.IsCancellationRequested)
                throw new CommandException(ExitCodes.No, $"process {pid} has not ended after {Patience.TotalSeconds:0} s");
            await Task.Delay(Look, call.Time, stop);
        }

        await call.Error.WriteLineAsync($"the fleet has ended (process {pid})");
        return ExitCodes.Ok;
    }
}
