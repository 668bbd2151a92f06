using System.Globalization;

namespace Fleet.SystemTests.Faults;

/// <summary>
/// One number of a process, taken again and again. It has grown when the medians of the second and the last quarter of the samples differ by more than noise explains;
/// the first quarter is the process getting warm.
/// </summary>
/// <param name="name">What is measured, with its unit.</param>
/// <param name="tolerance">What is no growth in any case: a few handles that are open by chance, a page or two that the allocator keeps.</param>
internal sealed class Gauge(string name, double tolerance)
{
    private const int Blocks = 6;

    // Four standard errors: with four gauges a run in ten thousand fails by chance, were the noise normal; it is not quite.
    private const double Sure = 4;

    private readonly List<double> _samples = [];

    /// <summary>Adds a sample.</summary>
    public void Add(double sample) => _samples.Add(sample);

    /// <summary>What was measured, and what it means.</summary>
    /// <returns>Whether it has grown, and the numbers in words.</returns>
    public (bool Grown, string Words) Judge()
    {
        var quarter = _samples.Count / 4;
        if (quarter < 2 * Blocks)
            throw new InvalidOperationException($"{name}: {_samples.Count} samples are too few to judge by");
        var (second, last) = (_samples[quarter..(2 * quarter)], _samples[^quarter..]);
        var (before, after) = (Median(second), Median(last));
        var bound = Math.Max(tolerance, Sure * Math.Sqrt(Error(second) + Error(last)));
        return (after - before > bound, string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: median {before:0.#} in the second quarter, {after:0.#} in the last, from {_samples.Min():0.#} to {_samples.Max():0.#} in all; {after - before:+0.#;-0.#;0} of at most {bound:0.#}"));
    }

    /// <summary>
    /// The square of the standard error of a quarter's median. Samples that follow each other are alike, as between two collections of garbage; the medians of blocks
    /// are nearly independent, so their spread tells how far the median of the quarter is off.
    /// </summary>
    private static double Error(List<double> quarter)
    {
        var medians = quarter.Chunk((quarter.Count + Blocks - 1) / Blocks).Select(block => Median(block)).ToList();
        var mean = medians.Average();
        return medians.Sum(m => (m - mean) * (m - mean)) / (medians.Count - 1) / medians.Count;
    }

    private static double Median(IEnumerable<double> samples)
    {
        var sorted = samples.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
