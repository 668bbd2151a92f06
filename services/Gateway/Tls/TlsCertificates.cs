using Fleet.Hosting;

namespace Fleet.Gateway;

/// <summary>
/// The gate before the certificate that is served. What the mount holds is checked in full before it is swapped in: new handshakes get it, open connections go on with
/// what they have. Whatever is wrong with it shows in the log, the metrics and the readiness answer, while the last good pair stays.
/// </summary>
internal sealed partial class TlsCertificates(GatewayMeter meter, TimeProvider time, ILogger<TlsCertificates> log) : IReadinessCheck
{
    private volatile CertificatePair? _current;
    private volatile string? _fault;

    public string Name => "tls";

    /// <summary>For the next handshake; null until there was a good one.</summary>
    public CertificatePair? Current => _current;

    /// <summary>Takes the files' content when it can be served.</summary>
    public async Task OfferAsync(ReadOnlyMemory<byte> certificates, ReadOnlyMemory<byte> key, CancellationToken stop)
    {
        try
        {
            var pair = CertificatePair.Read(certificates.Span, key.Span);
            await TrialHandshake.RunAsync(pair, stop);
            meter.CertificateLoaded(pair.Certificate.NotAfter.ToUniversalTime()); // first: who is served it finds it measured
            _fault = null;
            _current = pair; // the one before is left to the collector: a handshake may hold it
            Log.Loaded(log, pair.Certificate.Subject, pair.Certificate.SerialNumber, pair.Certificate.NotAfter.ToUniversalTime());
        }
        catch (CertificateException e)
        {
            Fault(e.Message);
        }
    }

    /// <summary>There is nothing good to take.</summary>
    public void Fault(string message)
    {
        if (_fault == message)
            return;
        meter.CertificateRefused(); // first: who reads of the fault finds it measured
        _fault = message;
        Log.Fault(log, message, _current is null ? "Nothing is served by TLS until then" : "The last good certificate stays");
    }

    public ValueTask<Readiness> CheckAsync(CancellationToken stop)
    {
        if (_current is not { } pair)
            return ValueTask.FromResult(Readiness.NotReady($"no certificate yet. {_fault}"));
        List<string> remarks = [];
        if (_fault is { } fault)
            remarks.Add($"the last good certificate is served. {fault}");
        // Clients refuse it, or were told not to care. To stop serving would help neither.
        var (now, begins, ends) = (time.GetUtcNow().UtcDateTime, pair.Certificate.NotBefore.ToUniversalTime(), pair.Certificate.NotAfter.ToUniversalTime());
        if (now > ends)
            remarks.Add($"the certificate ended at {ends:u}");
        else if (now < begins)
            remarks.Add($"the certificate begins at {begins:u}");
        return ValueTask.FromResult(remarks.Count == 0 ? Readiness.Ready : Readiness.Warning(string.Join("; ", remarks)));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Serving the certificate {Subject}, serial number {Serial}, until {NotAfter:u}")]
        public static partial void Loaded(ILogger log, string subject, string serial, DateTime notAfter);

        [LoggerMessage(2, LogLevel.Warning, "TLS: {Message}. {Consequence}")]
        public static partial void Fault(ILogger log, string message, string consequence);
    }
}
