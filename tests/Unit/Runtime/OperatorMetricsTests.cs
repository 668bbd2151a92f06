using System.Text.RegularExpressions;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed partial class OperatorMetricsTests
{
    private readonly OperatorMetrics _metrics = new();

    [Fact]
    public void Every_line_is_what_the_format_allows_and_every_sample_follows_its_type()
    {
        var time = new FakeTimeProvider();
        using var queue = new WorkQueue(time);
        _metrics.Observe(queue);
        _metrics.Observe(new ObjectCache<PartialObject>(Resources.Deployments));
        _metrics.ObserveLeader(() => true);
        _metrics.Reconciled("settled", TimeSpan.FromMilliseconds(3));
        _metrics.Called(new ApiCall("apply", Resources.Deployments, 200, TimeSpan.FromMilliseconds(4)));
        _metrics.WatchRestarted(Resources.Pods, "closed");
        var text = _metrics.ToText();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);

        string? metric = null;
        var helped = new HashSet<string>();
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Assert.True(helped.Add(line.Split(' ')[2]), $"{line}: twice");
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                metric = line.Split(' ')[2];
                Assert.Contains(metric, helped);
                Assert.Contains(line.Split(' ')[3], (string[])["counter", "gauge", "histogram"]);
            }
            else
            {
                Assert.Matches(Sample(), line);
                Assert.StartsWith(metric!, line, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_histogram_counts_up_to_each_bound()
    {
        _metrics.Reconciled("settled", TimeSpan.FromSeconds(0.001));
        _metrics.Reconciled("settled", TimeSpan.FromSeconds(0.0011));
        _metrics.Reconciled("error", TimeSpan.FromSeconds(31));
        Assert.Equal(1, MetricsText.Value(_metrics, "fleet_reconcile_seconds_bucket{le=\"0.001\"}"));
        Assert.Equal(2, MetricsText.Value(_metrics, "fleet_reconcile_seconds_bucket{le=\"0.0025\"}"));
        Assert.Equal(2, MetricsText.Value(_metrics, "fleet_reconcile_seconds_bucket{le=\"30\"}"));
        Assert.Equal(3, MetricsText.Value(_metrics, "fleet_reconcile_seconds_bucket{le=\"+Inf\"}"));
        Assert.Equal(3, MetricsText.Value(_metrics, "fleet_reconcile_seconds_count"));
        Assert.Contains("fleet_reconcile_seconds_sum 31.0021\n", _metrics.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_are_counted_by_verb_and_code()
    {
        _metrics.Called(new ApiCall("create", Resources.Pods, 201, default));
        _metrics.Called(new ApiCall("create", Resources.Services, 201, default));
        _metrics.Called(new ApiCall("get", null, 0, default));
        Assert.Equal(2, MetricsText.Value(_metrics, "fleet_api_requests_total{verb=\"create\",code=\"201\"}"));
        Assert.Equal(1, MetricsText.Value(_metrics, "fleet_api_requests_total{verb=\"get\",code=\"0\"}"));
    }

    [Fact]
    public void Queue_caches_and_leadership_are_read_when_asked()
    {
        var time = new FakeTimeProvider();
        using var queue = new WorkQueue(time);
        var cache = new ObjectCache<PartialObject>(Resources.Deployments);
        var leads = false;
        _metrics.Observe(queue);
        _metrics.Observe(cache);
        _metrics.ObserveLeader(() => leads);
        Assert.Equal(0, MetricsText.Value(_metrics, "fleet_leader"));

        leads = true;
        queue.Add(new ObjectKey("demo", "shop"));
        time.Advance(TimeSpan.FromSeconds(3));
        ICacheWriter<PartialObject> writer = cache;
        writer.Init();
        writer.InitApply(Made.Object("auth", 1));
        writer.InitDone("1");
        Assert.Equal(1, MetricsText.Value(_metrics, "fleet_leader"));
        Assert.Equal(1, MetricsText.Value(_metrics, "fleet_queue_depth"));
        Assert.Equal(3, MetricsText.Value(_metrics, "fleet_queue_oldest_seconds"));
        Assert.Equal(1, MetricsText.Value(_metrics, "fleet_cache_objects{resource=\"deployments.apps\"}"));
        Assert.Equal(1, MetricsText.Value(_metrics, "fleet_cache_synced{resource=\"deployments.apps\"}"));
    }

    [Fact]
    public void The_process_is_measured()
    {
        var text = _metrics.ToText();
        Assert.Matches("(?m)^process_cpu_seconds_total [0-9.]+$", text);
        Assert.Matches("(?m)^process_resident_memory_bytes [1-9][0-9]{6,}$", text);
        Assert.Matches("(?m)^process_start_time_seconds 1[0-9]{9}\\.?[0-9]*$", text);
        Assert.Matches("(?m)^fleet_build_info\\{version=\"[^\"]+\"\\} 1$", text);
    }

    [Fact]
    public void Label_values_are_escaped()
    {
        var text = new PrometheusText();
        text.Sample("x", 1, ("a", "back\\slash \"quote\"\nline"));
        Assert.Equal("x{a=\"back\\\\slash \\\"quote\\\"\\nline\"} 1\n", text.ToString());
    }

    [GeneratedRegex(
        """^[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? (-?[0-9.]+(E[+-]?[0-9]+)?|\+Inf|NaN)$""",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sample();
}

/// <summary>Reads single samples.</summary>
internal static class MetricsText
{
    public static int Value(OperatorMetrics metrics, string sample) =>
        metrics.ToText().Split('\n').SingleOrDefault(line => line.StartsWith($"{sample} ", StringComparison.Ordinal)) is { } found
            ? int.Parse(found.Split(' ')[^1])
            : 0;
}
