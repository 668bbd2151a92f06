namespace Fleet.Runtime;

/// <summary>How values spread over bounds, as Prometheus counts: each bucket holds everything up to its bound.</summary>
internal sealed class Histogram(string name, string help, double[] bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    public void Observe(double value)
    {
        // The first bound that is not below the value; past the last one is +Inf.
        var at = Array.BinarySearch(bounds, value);
        lock (_gate)
        {
            _counts[at < 0 ? ~at : at]++;
            _sum += value;
        }
    }

    public void Write(PrometheusText text)
    {
        long[] counts;
        double sum;
        lock (_gate)
            (counts, sum) = ([.. _counts], _sum);

        text.Head(name, help, "histogram");
        long total = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            text.Sample($"{name}_bucket", total, ("le", i < bounds.Length ? PrometheusText.Number(bounds[i]) : "+Inf"));
        }

        text.Sample($"{name}_sum", sum);
        text.Sample($"{name}_count", total);
    }
}
