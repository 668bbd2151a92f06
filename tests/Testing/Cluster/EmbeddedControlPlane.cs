using Fleet.Local.ApiServer;
using Microsoft.Extensions.Logging;

namespace Fleet.Testing;

/// <summary>What <c>fleet up</c> has in place of a control plane, in this process: the embedded API server and its controllers. A stand-in binds pods to nodes.</summary>
internal sealed class EmbeddedControlPlane : IAsyncDisposable
{
    private readonly LocalApiServer _server;
    private readonly ILoggerFactory _logs;
    private OwnControllers? _controllers;
    private readonly StandInScheduler _scheduler;

    private EmbeddedControlPlane(LocalApiServer server, ILoggerFactory logs, string kubeconfig)
    {
        (_server, _logs, Kubeconfig) = (server, logs, kubeconfig);
        _controllers = new(kubeconfig, logs);
        _scheduler = new(kubeconfig);
    }

    /// <summary>The path of the administrator's kubeconfig.</summary>
    public string Kubeconfig { get; }

    /// <summary>Starts one.</summary>
    /// <param name="directory">Where it keeps its files.</param>
    public static async Task<EmbeddedControlPlane> StartAsync(string directory)
    {
        var logs = LogFile.Factory(Path.Combine(directory, "parts", "controllers.log"));
        var server = await LocalApiServer.StartAsync(new() { AuditLog = Path.Combine(directory, "audit.log") }, TimeProvider.System, logs);
        var kubeconfig = Path.Combine(directory, "admin.kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.Kubeconfig);
        return new(server, logs, kubeconfig);
    }

    /// <summary>Stops the controllers.</summary>
    public async Task StopControllersAsync()
    {
        if (_controllers is { } controllers)
            await controllers.DisposeAsync();
        _controllers = null;
    }

    /// <summary>Starts the controllers again.</summary>
    public void StartControllers() => _controllers ??= new(Kubeconfig, _logs);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _scheduler.DisposeAsync();
        await StopControllersAsync();
        await _server.DisposeAsync();
        _logs.Dispose();
    }
}
