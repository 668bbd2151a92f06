using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>
/// Keeps the webhook going. Every replica serves what the Secret says; the first one makes it, and only the leader renews it and tells the API server whom to trust.
/// <code>
///   1 READ    the Secret; made when there is none
///   2 RENEW   AdmissionKeys.Advanced(...)   pure: announce, then promote                 leader
///   3 TELL    the ValidatingWebhookConfiguration, when it differs                        leader
///   4 SERVE   the current pair, from the next handshake on
/// </code>
/// </summary>
internal sealed partial class AdmissionHost : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    // How long after a pod's end has begun nodes may still send to it, which learn of it with a delay.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly AdmissionOptions _options;
    private readonly AdmissionServer _server;
    private readonly AdmissionSecret _secret;
    private readonly AdmissionConfiguration _configuration;
    private readonly Func<bool> _leads;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private AdmissionPair? _served;
    private (string Bundle, long Since)? _told;
    private volatile string? _trouble;

    /// <summary>One that does not listen yet.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="settings">Which images are the bundled ones.</param>
    /// <param name="watched">The namespaces whose apps are judged; empty for all.</param>
    /// <param name="leads">Whether this process leads.</param>
    /// <param name="time">The clock.</param>
    /// <param name="metrics">Gets reviews and the certificate's end.</param>
    /// <param name="logger">Gets what goes wrong.</param>
    internal AdmissionHost(
        ApiClient api, AdmissionOptions options, OperatorSettings settings, IReadOnlyCollection<string> watched, Func<bool> leads, TimeProvider time, OperatorMetrics metrics, ILogger logger)
    {
        (_options, _leads, _time, _logger) = (options, leads, time, logger);
        _server = new(options.Port, settings, watched, time, metrics, logger);
        _secret = new(api, options.Namespace, options.Service);
        _configuration = new(api, options, watched);
        metrics.ObserveAdmission(() => _server.NotAfter);
    }

    /// <summary>What is waited for; empty once it serves.</summary>
    internal IEnumerable<string> Waits => _server.NotAfter is null ? [$"the webhook has no certificate yet{(_trouble is { } why ? $": {why}" : "")}"] : [];

    /// <summary>Listens from now on.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    internal async Task StartAsync(CancellationToken stop)
    {
        await _server.StartAsync(stop);
        Log.Listening(_logger, _server.Port, _options.Host);
    }

    /// <summary>Goes on until stopped.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await StepAsync(stop);
                await WaitAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Answers on until nobody sends reviews here any more, and to the end those that are under way. At an address of its own nobody else would answer anyway.</summary>
    internal async Task DrainAsync()
    {
        if (_options.Url is null)
            await Task.Delay(Farewell, _time);
        using var limit = new CancellationTokenSource(Farewell, _time);
        await _server.StopAsync(limit.Token);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    // One who comes to lead, and one who has nothing to serve yet, does not wait for long.
    private async Task WaitAsync(CancellationToken stop)
    {
        var (began, every) = (_time.GetTimestamp(), AdmissionKeys.LookEvery(_options.Validity));
        do
            await Task.Delay(Tick, _time, stop);
        while (_server.NotAfter is not null && (!_leads() || _told is not null || _trouble is not null) && _time.GetElapsedTime(began) < every);
    }

    private async Task StepAsync(CancellationToken stop)
    {
        try
        {
            var leads = _leads();
            var keys = await KeysAsync(leads, stop);
            if (leads)
            {
                await _configuration.EnsureAsync(keys.Bundle, stop);
                if (_told?.Bundle != keys.Bundle)
                    _told = (keys.Bundle, _time.GetTimestamp());
            }
            else
            {
                _told = null;
            }

            _trouble = null;
        }
        catch (Exception e) when (!stop.IsCancellationRequested) // whatever it is, what is served goes on, and the next look may find it mended
        {
            var failure = Failures.Describe(e);
            if (_trouble != failure)
                Log.Trouble(_logger, failure);
            _trouble = failure;
        }
    }

    private async Task<AdmissionKeys> KeysAsync(bool leads, CancellationToken stop)
    {
        var now = _time.GetUtcNow();
        var secret = await _secret.FindAsync(stop) ?? await _secret.CreateAsync(AdmissionKeys.Begin(_options.Host, now, _options.Validity), stop);
        var keys = Read(secret);
        if (keys is null || leads)
        {
            var next = keys?.Advanced(_options.Host, now, _options.Validity, Known(keys.Bundle)) ?? AdmissionKeys.Begin(_options.Host, now, _options.Validity);
            if (!ReferenceEquals(next, keys) && secret is not null)
                keys = Read(await _secret.ReplaceAsync(secret, next, stop));
        }

        if (keys is null)
            throw new InvalidOperationException($"Secret/{_options.Service} in {_options.Namespace} cannot be used, and is being written by somebody else");
        if (_served != keys.Current)
        {
            _server.Serve(keys.Current);
            _served = keys.Current;
            Log.Serves(_logger, keys.Current.NotAfter);
        }

        return keys;
    }

    private TimeSpan? Known(string bundle) => _told is { } told && told.Bundle == bundle ? _time.GetElapsedTime(told.Since) : null;

    private static AdmissionKeys? Read(KubeObject? secret) => secret is null ? null : AdmissionKeys.Read(secret.Part("data"));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The webhook answers on port {WebhookPort}, as {Host}")]
        public static partial void Listening(ILogger logger, int webhookPort, string host);

        [LoggerMessage(Level = LogLevel.Information, Message = "The webhook serves a certificate that is valid until {NotAfter:u}")]
        public static partial void Serves(ILogger logger, DateTimeOffset notAfter);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The webhook's certificate or configuration: {Failure}. It is tried again")]
        public static partial void Trouble(ILogger logger, string failure);
    }
}
