namespace Fleet.Benchmarks.Measuring;

/// <summary>Percentiles of samples, by the nearest rank: always one of the samples.</summary>
internal static class Percentiles
{
    /// <summary>The smallest sample that at least that share of all does not exceed.</summary>
    /// <param name="samples">In any order, at least one.</param>
    /// <param name="share">0.5 for the median, 0.99 for p99.</param>
    public static double Of(IEnumerable<double> samples, double share)
    {
        var sorted = samples.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
