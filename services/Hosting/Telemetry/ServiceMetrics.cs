using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Numerics;
using System.Text;

namespace Fleet.Hosting;

/// <summary>
/// The service's own meter, and everything that it and the platform's meters measure as Prometheus text. Names follow OpenTelemetry's rules for Prometheus:
/// <c>http.server.request.duration</c> in seconds is <c>http_server_request_duration_seconds</c>. All members may be called by any thread.
/// </summary>
public sealed class ServiceMetrics : IDisposable
{
    /// <summary>The Prometheus text format, version 0.0.4.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The meters that are listened to.</summary>
    internal static readonly IReadOnlyList<string> MeterNames =
        ["fleet", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime"];

    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _scrape = new();

    /// <summary>Listens from now on.</summary>
    public ServiceMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterNames[0]);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Another host in the same process measures with a factory of its own.
            if (MeterNames.Contains(instrument.Meter.Name) && (instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, meters)))
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, MetricFamily.For));
        };
        Listen<byte>();
        Listen<short>();
        Listen<int>();
        Listen<long>();
        Listen<float>();
        Listen<double>();
        Listen<decimal>();
        _listener.Start();
    }

    /// <summary>Where a service makes its own instruments. The values of labels are few and known: never an id, a name or a path that a caller chose.</summary>
    public Meter Meter { get; }

    /// <summary>Everything that was measured up to now, in the format of <see cref="ContentType"/>.</summary>
    public string ToText()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_scrape)
        {
            foreach (var family in _families.Values)
                family.BeforeObserving();
            _listener.RecordObservableInstruments();
            // Two instruments of one name would be one metric twice, which Prometheus refuses; the first has it.
            foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal).DistinctBy(f => f.Name))
                family.Write(text);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Listen<T>()
        where T : struct, INumber<T> =>
        _listener.SetMeasurementEventCallback<T>(static (_, value, labels, family) => ((MetricFamily)family!).Measure(double.CreateChecked(value), labels));
}
