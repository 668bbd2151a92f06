using System.Diagnostics;
using Fleet.Local.Processes;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public sealed class GuardTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fleet-guard-").FullName;

    [Fact]
    public async Task The_next_node_waits_for_the_guard_of_the_one_before_and_for_no_other()
    {
        if (!OperatingSystem.IsLinux())
            return;

        // Stands in for a guard that still looks around: it has its name and mark, and ends with its input.
        using var earlier = Waiting(_folder);
        using var other = Waiting(_folder + "-other");
        var waiting = Guard.EndEarlierAsync(_folder, TimeProvider.System, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        earlier.StandardInput.Close();
        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(earlier.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.False(other.HasExited);
        other.StandardInput.Close();
        Assert.True(other.WaitForExit(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task One_that_does_not_end_is_killed()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var stuck = Waiting(_folder);
        await Guard.EndEarlierAsync(_folder, TimeProvider.System, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(stuck.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(137, stuck.ExitCode);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Process Waiting(string folder)
    {
        // It is the shell already when it answers: a process that was only split off has its parent's words.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "echo; read x", "fleet-guard", ProcessMark.OfNode(folder)])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        process.StandardOutput.ReadLine();
        return process;
    }
}
