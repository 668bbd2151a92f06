using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Fleet.Hosting;

/// <summary>One instrument and its series, one per combination of labels.</summary>
internal abstract class MetricFamily
{
    /// <summary>More combinations than this are counted together, so that no caller can fill the memory.</summary>
    private const int MaxSeries = 250;

    private const string Overflow = "otel_metric_overflow=\"true\"";

    /// <summary>The boundaries for durations that OpenTelemetry's HTTP conventions advise, in seconds.</summary>
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly string _help;
    private readonly string _type;

    private MetricFamily(string name, string help, string type)
    {
        (Name, _help, _type) = (name, help, type);
    }

    /// <summary>The metric's name as Prometheus knows it.</summary>
    public string Name { get; }

    public static MetricFamily For(Instrument instrument)
    {
        var kind = instrument.GetType().GetGenericTypeDefinition();
        var help = instrument.Description ?? "";
        if (kind == typeof(Histogram<>))
            return new Histograms(PrometheusName(instrument, counter: false), help, Bounds(instrument));
        var counter = kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>);
        return new Values(
            PrometheusName(instrument, counter),
            help,
            counter ? "counter" : "gauge",
            adds: kind == typeof(Counter<>) || kind == typeof(UpDownCounter<>),
            observed: instrument.IsObservable);
    }

    public abstract void Measure(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels);

    /// <summary>Called before observable instruments are asked: what is not observed any more must not stay.</summary>
    public virtual void BeforeObserving()
    {
    }

    public void Write(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(_help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)).Append('\n')
            .Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
        WriteSeries(text);
    }

    protected abstract void WriteSeries(StringBuilder text);

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => DefaultBounds,
    };

    private static string PrometheusName(Instrument instrument, bool counter)
    {
        var name = instrument.Name.Replace('.', '_').Replace('-', '_');
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "", // {request} and the like are words for people
        };
        if (!name.EndsWith(unit, StringComparison.Ordinal))
            name += unit;
        return counter && !name.EndsWith("_total", StringComparison.Ordinal) ? $"{name}_total" : name;
    }

    private static void Sample(StringBuilder text, string name, string labels, double value, string? bucket = null)
    {
        text.Append(name);
        if (labels.Length > 0 || bucket is not null)
        {
            text.Append('{').Append(labels);
            if (bucket is not null)
                text.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(bucket).Append('"');
            text.Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>
    /// Series by their labels as Prometheus writes them, and, in front of that, by the labels as they are measured: a request is measured some ten times, and to write its labels each
    /// time would take longer than to count it. To find one allocates nothing.
    /// </summary>
    private sealed class Series<T>(Func<T> create)
    {
        private readonly ConcurrentDictionary<string, T> _byLabels = new();
        private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], T> _asMeasured = new(LabelsComparer.Instance);

        public IEnumerable<KeyValuePair<string, T>> InOrder => _byLabels.OrderBy(s => s.Key, StringComparer.Ordinal);

        public void Clear()
        {
            _asMeasured.Clear();
            _byLabels.Clear();
        }

        public T Of(ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var known = _asMeasured.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
            if (known.TryGetValue(labels, out var series))
                return series;
            series = Written(labels);
            if (_asMeasured.Count < MaxSeries) // several may be one series: the same labels in another order
                known[labels] = series;
            return series;
        }

        private T Written(ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            Span<char> text = stackalloc char[512];
            if (!TryWrite(labels, text, out var length))
                return _byLabels.GetOrAdd(Overflow, static (_, make) => make(), create);
            var lookup = _byLabels.GetAlternateLookup<ReadOnlySpan<char>>();
            if (lookup.TryGetValue(text[..length], out var found))
                return found;
            return _byLabels.GetOrAdd(_byLabels.Count < MaxSeries ? text[..length].ToString() : Overflow, static (_, make) => make(), create);
        }

        private static bool TryWrite(ReadOnlySpan<KeyValuePair<string, object?>> labels, Span<char> into, out int length)
        {
            length = 0;
            foreach (var (name, value) in labels)
            {
                if (length > 0 && !TryAppend(into, ref length, ","))
                    return false;
                var start = length;
                if (!TryAppend(into, ref length, name))
                    return false;
                into[start..length].Replace('.', '_');
                if (!TryAppend(into, ref length, "=\"") || !TryAppendValue(into, ref length, value) || !TryAppend(into, ref length, "\""))
                    return false;
            }

            return true;
        }

        private static bool TryAppend(Span<char> into, ref int length, ReadOnlySpan<char> text)
        {
            if (!text.TryCopyTo(into[length..]))
                return false;
            length += text.Length;
            return true;
        }

        private static bool TryAppendValue(Span<char> into, ref int length, object? value)
        {
            if (value is ISpanFormattable formattable)
            {
                if (!formattable.TryFormat(into[length..], out var written, default, CultureInfo.InvariantCulture))
                    return false;
                length += written;
                return true;
            }

            foreach (var c in value?.ToString() ?? "")
            {
                var fits = c switch
                {
                    '"' => TryAppend(into, ref length, "\\\""),
                    '\\' => TryAppend(into, ref length, @"\\"),
                    '\n' => TryAppend(into, ref length, @"\n"),
                    _ => TryAppend(into, ref length, [c]),
                };
                if (!fits)
                    return false;
            }

            return true;
        }
    }

    private sealed class Values(string name, string help, string type, bool adds, bool observed) : MetricFamily(name, help, type)
    {
        private readonly Series<Value> _series = new(static () => new Value());

        public override void Measure(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var series = _series.Of(labels);
            if (adds)
                series.Add(value);
            else
                series.Set(value);
        }

        public override void BeforeObserving()
        {
            if (observed)
                _series.Clear();
        }

        protected override void WriteSeries(StringBuilder text)
        {
            foreach (var (labels, value) in _series.InOrder)
                Sample(text, Name, labels, value.Now);
        }

        private sealed class Value
        {
            private double _now;

            public double Now => Volatile.Read(ref _now);

            public void Set(double value) => Volatile.Write(ref _now, value);

            public void Add(double value)
            {
                double before, seen = Now;
                do
                    before = seen;
                while ((seen = Interlocked.CompareExchange(ref _now, before + value, before)) != before);
            }
        }
    }

    private sealed class Histograms(string name, string help, double[] bounds) : MetricFamily(name, help, "histogram")
    {
        private readonly Series<Buckets> _series = new(() => new Buckets(bounds));

        public override void Measure(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels) => _series.Of(labels).Observe(value);

        protected override void WriteSeries(StringBuilder text)
        {
            foreach (var (labels, buckets) in _series.InOrder)
            {
                var (counts, sum) = buckets.Read();
                long total = 0;
                for (var i = 0; i < counts.Length; i++)
                {
                    total += counts[i];
                    Sample(text, $"{Name}_bucket", labels, total, Number(i < bounds.Length ? bounds[i] : double.PositiveInfinity));
                }

                Sample(text, $"{Name}_sum", labels, sum);
                Sample(text, $"{Name}_count", labels, total);
            }
        }

        private sealed class Buckets(double[] bounds)
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

            public (long[] Counts, double Sum) Read()
            {
                lock (_gate)
                    return ([.. _counts], _sum);
            }
        }
    }
}
