using System.Net.Sockets;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>How commands end: the one place where failures become a message and an exit code.</summary>
internal static class Ending
{
    /// <summary>Shows stack traces too.</summary>
    private const string DebugVariable = "FLEET_DEBUG";

    /// <summary>Runs a command to its end.</summary>
    internal static async Task<int> OfAsync(Call call, Func<Call, CancellationToken, Task<int>> body)
    {
        using var signals = new Signals();
        try
        {
            return await body(call, signals.Stop);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return signals.ExitCode;
        }
#pragma warning disable CA1031 // the last stop: whatever comes here is told, none is swallowed
        catch (Exception e)
#pragma warning restore CA1031
        {
            var (code, message) = Describe(e, call.Cluster);
            await call.Error.WriteLineAsync($"error: {message}");
            if (Environment.GetEnvironmentVariable(DebugVariable) == "1")
                await call.Error.WriteLineAsync(e.ToString());
            return code;
        }
    }

    private static (int Code, string Message) Describe(Exception e, ClusterConfig? cluster) => e switch
    {
        CommandException known => (known.ExitCode, known.Message),
        ConfigException => (ExitCodes.Usage, e.Message),
        ApiException refusal => (ExitCodes.Cluster, OfRefusal(refusal, cluster)),
        HttpRequestException or SocketException or IOException or TimeoutException or InvalidDataException when cluster is not null =>
            (ExitCodes.Cluster, $"{Name(cluster)} cannot be reached: {Innermost(e)}"),
        _ => (ExitCodes.Defect, $"a defect of this program: {e.GetType().Name}: {e.Message}; {DebugVariable}=1 shows where"),
    };

    private static string OfRefusal(ApiException e, ClusterConfig? cluster)
    {
        var advice = e switch
        {
            { IsUnauthorized: true } => "; it does not accept these credentials: log in again, or choose another --context",
            { IsForbidden: true } => "; ask for this permission, or choose another --context",
            _ => "",
        };
        return cluster is null ? e.Message : $"{Name(cluster)} refuses: {e.Message}{advice}";
    }

    private static string Name(ClusterConfig cluster) => $"{cluster.Server} ({cluster.Source})";

    // The outer ones say that something failed, the innermost one says what.
    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;
}
