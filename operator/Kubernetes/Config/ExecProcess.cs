using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>Runs a credential plugin once.</summary>
internal static class ExecProcess
{
    private const int MaxOutput = 1 << 20;
    private const int MaxComplaint = 2048;

    /// <summary>A plugin that may not talk to anybody has nothing to wait for.</summary>
    private static readonly TimeSpan Unattended = TimeSpan.FromMinutes(1);

    /// <summary>What the plugin printed.</summary>
    /// <exception cref="HttpRequestException">It could not be run, failed or printed too much.</exception>
    public static async Task<byte[]> RunAsync(ExecSpec spec, TimeProvider time, CancellationToken stop)
    {
        var interactive = spec.Interaction != ExecInteraction.Never && !Console.IsInputRedirected;
        if (spec.Interaction == ExecInteraction.Always && !interactive)
            throw Problem(spec, "wants to talk to the user (interactiveMode: Always), but there is no terminal");

        using var process = Start(spec, interactive);
        using var limit = new CancellationTokenSource(interactive ? Timeout.InfiniteTimeSpan : Unattended, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            var complaint = interactive ? Task.FromResult(Array.Empty<byte>()) : ReadAsync(process.StandardError.BaseStream, MaxComplaint, either.Token);
            var output = await ReadAsync(process.StandardOutput.BaseStream, MaxOutput + 1, either.Token);
            await process.WaitForExitAsync(either.Token);
            if (process.ExitCode != 0)
                throw Problem(spec, $"failed with exit code {process.ExitCode}: {System.Text.Encoding.UTF8.GetString(await complaint).Trim()}");
            return output.Length <= MaxOutput ? output : throw Problem(spec, "printed more than 1 MiB, which is no credential");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw Problem(spec, $"took longer than {Unattended.TotalSeconds:0} s");
        }
        finally
        {
            Kill(process);
        }
    }

    private static Process Start(ExecSpec spec, bool interactive)
    {
        var start = new ProcessStartInfo(spec.Command, spec.Args)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = !interactive, // else a login's instructions would never be seen
            RedirectStandardInput = !interactive,
        };
        foreach (var (name, value) in spec.Env)
            start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = Info(spec, interactive).ToJsonString();
        try
        {
            var process = Process.Start(start)!;
            if (!interactive)
                process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw Problem(spec, $"cannot be run: {e.Message}.{(spec.InstallHint is { } hint ? "\n" + hint.Trim() : " Install it or give its path.")}", e);
        }
    }

    private static JsonObject Info(ExecSpec spec, bool interactive)
    {
        var about = new JsonObject { ["interactive"] = interactive };
        if (spec.Cluster is { } cluster)
            about["cluster"] = cluster.DeepClone();
        return new() { ["apiVersion"] = spec.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = about };
    }

    /// <summary>Reads to the end, and keeps so much of it: a plugin whose output nobody takes would hang.</summary>
    private static async Task<byte[]> ReadAsync(Stream stream, int keep, CancellationToken stop)
    {
        var kept = new MemoryStream();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, stop) is > 0 and var read)
            kept.Write(buffer, 0, (int)Math.Min(read, keep - kept.Length));
        return kept.ToArray();
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended in between.
        }
    }

    private static HttpRequestException Problem(ExecSpec spec, string problem, Exception? inner = null) =>
        Credentials.Unusable($"{spec.Origin}: {spec.Command} {problem}", inner);
}
