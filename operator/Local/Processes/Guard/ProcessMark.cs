using System.Globalization;
using System.Text;

namespace Fleet.Local.Processes;

/// <summary>
/// A variable in the environment of everything that a node starts. It tells, of any process on the machine, whose it is: what left its group, or survived
/// both node and guard, is found by it, and nothing else is ever ended.
/// </summary>
internal static class ProcessMark
{
    /// <summary>The variable.</summary>
    public const string Variable = "FLEET_LOCAL_OWNER";

    /// <summary>The mark of everything of a node.</summary>
    public static string OfNode(string directory) => $"{Variable}={directory}#";

    /// <summary>The mark of one container; the value of the variable.</summary>
    public static string OfContainer(string directory, string pod, string container) => $"{directory}#{pod}/{container}#";

    /// <summary>Kills every process with this mark; true when there was one. Only Linux tells the environment of processes.</summary>
    /// <param name="mark">The beginning of the variable's entry, name included.</param>
    public static bool Kill(string mark)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        var found = false;
        var bytes = Encoding.UTF8.GetBytes("\0" + mark);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId && Has(folder, bytes))
                found |= Signals.Send(id, Signals.Kill);
        }

        return found;
    }

    /// <summary>Kills every process with this mark, and those that they start meanwhile; returns when none is left.</summary>
    public static async Task KillAllAsync(string mark, TimeProvider time, CancellationToken stop)
    {
        for (var began = time.GetTimestamp(); Kill(mark) && time.GetElapsedTime(began) < TimeSpan.FromSeconds(5);)
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, stop);
    }

    /// <summary>The processes whose command line ends with these words, each ended by a zero.</summary>
    public static IReadOnlyList<int> FindByWords(string words)
    {
        var found = new List<int>();
        if (!OperatingSystem.IsLinux())
            return found;
        var bytes = Encoding.UTF8.GetBytes("\0" + words);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), CultureInfo.InvariantCulture, out var id) && Read(folder, "cmdline").AsSpan().EndsWith(bytes))
                found.Add(id);
        }

        return found;
    }

    private static bool Has(string folder, byte[] mark)
    {
        var environment = Read(folder, "environ").AsSpan();
        return environment.StartsWith(mark.AsSpan(1)) || environment.IndexOf(mark) >= 0; // entries are told apart by zeros
    }

    private static byte[] Read(string folder, string file)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // somebody else's, or gone
        }
    }
}
