using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Fleet.Local.Processes;

/// <summary>What the processes of one container use.</summary>
/// <param name="Memory">Resident memory in bytes.</param>
/// <param name="Cpu">The time of processors that they took so far.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct GroupUsage(long Memory, TimeSpan Cpu);

/// <summary>What the operating system says of running processes.</summary>
internal static class ProcessTable
{
    private const int TicksPerSecond = 100; // USER_HZ, the same on every Linux

    /// <summary>The use of each container, by the number of its first process.</summary>
    public static IReadOnlyDictionary<int, GroupUsage> Read(IReadOnlyCollection<int> firsts) =>
        firsts.Count == 0 ? new Dictionary<int, GroupUsage>() : OperatingSystem.IsLinux() ? BySession(firsts) : firsts.ToDictionary(id => id, OfProcess);

    /// <summary>Reads a line of /proc/PID/stat: the session, and what the process uses; null when it is none.</summary>
    internal static (int Session, GroupUsage Usage)? Parse(string stat, int pageSize)
    {
        // The name stands in brackets and may itself hold brackets and blanks. Field 3, the state, is the first after it.
        var end = stat.LastIndexOf(')');
        var fields = end < 0 ? [] : stat[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 22)
            return null;
        long Number(int field) => long.TryParse(fields[field - 3], CultureInfo.InvariantCulture, out var number) ? number : 0;
        var ticks = Number(14) + Number(15) + Number(16) + Number(17); // its own and those of children that have ended
        return ((int)Number(6), new GroupUsage(Number(24) * pageSize, TimeSpan.FromSeconds((double)ticks / TicksPerSecond)));
    }

    private static Dictionary<int, GroupUsage> BySession(IReadOnlyCollection<int> firsts)
    {
        var usage = firsts.ToDictionary(id => id, _ => default(GroupUsage));
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!char.IsAsciiDigit(folder[6]) || ReadStat(folder) is not { } stat || Parse(stat, Environment.SystemPageSize) is not { } read)
                continue;
            if (usage.TryGetValue(read.Session, out var sum))
                usage[read.Session] = new(sum.Memory + read.Usage.Memory, sum.Cpu + read.Usage.Cpu);
        }

        return usage;
    }

    private static string? ReadStat(string folder)
    {
        try
        {
            return File.ReadAllText(folder + "/stat", Encoding.Latin1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }

    private static GroupUsage OfProcess(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return new(process.WorkingSet64, process.TotalProcessorTime);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return default; // it has ended
        }
    }
}
