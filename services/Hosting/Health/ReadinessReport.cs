using System.Text;
using Microsoft.Extensions.Logging;

namespace Fleet.Hosting;

/// <summary>Asks every check at once and puts the answers into lines: <c>store: ready</c>.</summary>
internal sealed partial class ReadinessReport(IEnumerable<IReadinessCheck> checks, Drain drain, ILogger<ReadinessReport> log)
{
    /// <summary>Less than a probe's own timeout of two seconds, so that the probe's record says which check was late.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private readonly IReadinessCheck[] _checks = [.. checks];

    public async Task<(bool IsReady, string Lines)> WriteAsync(CancellationToken stop)
    {
        if (drain.HasBegun)
            return (false, "draining: requests in flight are finished, then the service ends\n");

        var found = await Task.WhenAll(_checks.Select(check => AskAsync(check, stop)));
        var lines = new StringBuilder();
        for (var i = 0; i < found.Length; i++)
        {
            lines.Append(_checks[i].Name).Append(": ").Append(found[i] switch
            {
                Readiness.HasWarning warning => $"ready, warning: {warning.Message}",
                Readiness.IsNotReady not => $"not ready: {not.Message}",
                _ => "ready",
            }).Append('\n');
        }

        var ready = !found.Any(f => f is Readiness.IsNotReady);
        return (ready, lines.Length == 0 ? "ready\n" : lines.ToString());
    }

    private async Task<Readiness> AskAsync(IReadinessCheck check, CancellationToken stop)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(Patience);
        try
        {
            return await check.CheckAsync(late.Token).AsTask().WaitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            return Readiness.NotReady($"no answer within {Patience.TotalSeconds} s");
        }
        catch (Exception e)
        {
            Log.Failed(log, check.Name, e);
            return Readiness.NotReady(e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "the readiness check {Check} failed")]
        internal static partial void Failed(ILogger logger, string check, Exception fault);
    }
}
