using System.Globalization;

namespace Fleet.Benchmarks.Measuring;

/// <summary>What a process has used, as Linux counts it.</summary>
/// <param name="Cpu">Processor time of all its threads, user and system.</param>
/// <param name="Resident">Memory in use now, in MiB.</param>
/// <param name="Peak">The most it ever had in use, in MiB.</param>
internal sealed record ProcessUsage(TimeSpan Cpu, double Resident, double Peak)
{
    // sysconf(_SC_CLK_TCK), which is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Reads it: proc(5).</summary>
    public static ProcessUsage Of(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // after the name, which is in parentheses and may hold anything
        var ticks = Number(fields[11]) + Number(fields[12]);
        var status = File.ReadLines($"/proc/{process}/status").Select(l => l.Split(':', 2)).ToDictionary(l => l[0], l => l[1].Trim(), StringComparer.Ordinal);
        return new(TimeSpan.FromSeconds(ticks / TicksPerSecond), Kibibytes("VmRSS") / 1024, Kibibytes("VmHWM") / 1024);

        double Kibibytes(string name) => Number(status[name].Split(' ')[0]);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
