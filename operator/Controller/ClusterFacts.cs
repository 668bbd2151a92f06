using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Controller;

/// <summary>What the cluster can do, asked at the start and now and then: an API server may be upgraded under a running operator.</summary>
public sealed partial class ClusterFacts(ApiClient api, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BackOff _backOff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
    private volatile ServerVersion? _version;

    /// <summary>Completes when the server has answered once.</summary>
    public Task Known => _known.Task;

    /// <summary>The newest version that was seen: while API servers are upgraded one by one their answers alternate, and pods must not.</summary>
    public ServerVersion? Version => _version;

    /// <summary>What a server of that version has.</summary>
    public ClusterFeatures Features => ClusterFeatures.Of(_version ?? throw new InvalidOperationException("the server's version is not known yet"));

    /// <summary>Asks until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var failures = 0; !stop.IsCancellationRequested;)
        {
            TimeSpan pause;
            try
            {
                var version = await api.GetVersionAsync(stop);
                if (_version is not { } known || version > known)
                {
                    _version = version;
                    Log.Server(logger, version.GitVersion);
                }

                _known.TrySetResult();
                (failures, pause) = (0, Every);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // an answer cut short, a credential that cannot be had: until the version is known no app is worked on, so nothing may end the asking
            catch (Exception e)
#pragma warning restore CA1031
            {
                pause = _backOff.After(++failures);
                Log.NoAnswer(logger, Failures.Describe(e), pause.TotalSeconds);
            }

            await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The API server is Kubernetes {Version}")]
        public static partial void Server(ILogger logger, string version);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The API server does not tell its version: {Failure}; asked again in {Seconds:0.0} s")]
        public static partial void NoAnswer(ILogger logger, string failure, double seconds);
    }
}
