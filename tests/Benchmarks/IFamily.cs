namespace Fleet.Benchmarks;

/// <summary>Benchmarks that belong together: they share what they need, and a page of the report.</summary>
internal interface IFamily
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>What it measures, in a line of the help.</summary>
    string Summary { get; }

    /// <summary>Measures, and adds rows to the run as they are known.</summary>
    /// <exception cref="UnavailableException">What it needs cannot be had on this machine.</exception>
    Task RunAsync(BenchmarkRun run, CancellationToken stop);
}

/// <summary>What a benchmark needs cannot be had on this machine; the message says what and how to get it.</summary>
internal sealed class UnavailableException(string message) : Exception(message);
