namespace Fleet.Benchmarks.Report;

/// <summary>The units of figures.</summary>
internal static class Units
{
    /// <summary>Things that are counted.</summary>
    public const string Count = "";

    /// <summary>Seconds.</summary>
    public const string Seconds = "s";

    /// <summary>Thousandths of a second.</summary>
    public const string Milliseconds = "ms";

    /// <summary>Millionths of a second.</summary>
    public const string Microseconds = "µs";

    /// <summary>Seconds of processor time.</summary>
    public const string CpuSeconds = "CPU s";

    /// <summary>2^20 bytes.</summary>
    public const string Mebibytes = "MiB";

    /// <summary>Requests in a second.</summary>
    public const string PerSecond = "req/s";
}
